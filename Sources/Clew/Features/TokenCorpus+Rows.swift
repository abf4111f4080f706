public import FeatureExamples

extension TokenCorpus.Cursor: TokenRows {}
