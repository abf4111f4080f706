// The front door as a library: everything a program that traces prompts needs, under one name.
@_exported public import Attribution
@_exported public import AttributionGraphs
@_exported public import Checkpoints
@_exported public import FeatureExamples
@_exported public import Files
@_exported public import Rendering
@_exported public import ReplacementModels
@_exported public import Tensors
@_exported public import Tokenization
@_exported public import Transcoding
@_exported public import Transformers
