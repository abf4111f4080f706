// What training a transcoder needs beside products: the few preactivations that count, found in dense blocks, and
// decoders applied and differentiated at those alone.
//
// Preactivations lie with features outermost, [feature, token], so that what is found comes ordered by feature and
// every feature's gradients stay in the first-level cache. Sums run in 64 partial sums added as a fixed tree: the
// same input gives the same bits on every path.
#ifndef CK_SPARSE_H
#define CK_SPARSE_H

#include <stddef.h>
#include <stdint.h>

// Finds p + bias that are not <= low, feature by feature, tokens ascending; what is not a number is found.
// p: [features, tokens], rows of p_stride, tokens <= 65536. Goes on from feature `first`, whose start[first] is set, and sets
// start[f + 1]. Stops where fewer than tokens + 32 places are left.
// Returns the feature where it stopped, `features` at the end.
size_t ck_scan(const float *p, size_t p_stride, size_t first, size_t features, size_t tokens, const float *bias,
               const float *low, uint16_t *token, float *value, size_t capacity, uint32_t *start);

// Adds the bias to p and keeps, for each token, the `keep` largest positive values, of equals the first; the others
// become -infinity.
void ck_keep_largest(float *p, size_t p_stride, size_t features, size_t tokens, const float *bias, size_t keep);

// slope[i] = 1 - tanh(x)^2 with x = sharpness[f] * value[i] where value[i] is active, over thresholds[f], else x = 0.
// Returns the sum of tanh(x). Entries are those of all `features`, from place start[0] on.
double ck_penalty(const float *value, const uint32_t *start, size_t features, const float *threshold,
                  const float *sharpness, float *slope);

// y[token] += value * decoder[f] for every active entry. decoder: [features, width], y: rows of y_stride.
void ck_decode(const uint16_t *token, const float *value, const uint32_t *start, size_t features,
               const float *threshold, const float *decoder, size_t width, float *y, size_t y_stride);

// dense[f, token] = value for every active entry, 0 elsewhere: [features, tokens].
void ck_spread(const uint16_t *token, const float *value, const uint32_t *start, size_t features, size_t tokens,
               const float *threshold, float *dense);

// error = y' - y in place of y', times `scale`; loss[layer] += sum of (y' - y)^2; sum[j] += scaled errors.
// Rows of layers * width.
void ck_residual(float *reconstruction, const float *target, size_t tokens, size_t layers, size_t width, float scale,
                 double *loss, float *sum);

// The entries of one block of tokens, and the rows they belong to.
typedef struct {
  const uint16_t *token;
  const float *value, *slope;
  const uint32_t *start;
  const float *gradient;  // of the reconstruction, from the first layer the features write to: rows of gradient_stride
  const float *input;     // rows of input_width
  float *dense;           // NULL, or [feature, token] of gradient . decoder; becomes the preactivations' gradient
} ck_entries;

// One layer's features, and where their gradients go. All lists are those of the layer, [features, ...].
typedef struct {
  size_t input_width, decoder_width, gradient_stride, dense_stride;
  const float *decoder, *threshold;
  const float *penalty;  // lambda * c * norm / tokens: what the slope is multiplied by
  const float *shrink;   // lambda * c / (norm * tokens): how far the decoder is pulled, times the sum of slope * value
  const float *revival;  // what draws a dead feature's preactivations up wherever it is not active; 0 for the others
  const float *input_sum;  // of all rows, [input_width]
  size_t tokens;         // rows of all blocks
  float bandwidth;       // of the rectangle around the threshold; 0 without one
  float *decoder_gradient, *encoder_gradient, *bias_gradient;
  float *threshold_gradient;  // of the threshold's logarithm
  float *pull;                // working list, [features]
  uint32_t *fired;            // how often each feature was active, added to
} ck_feature_layer;

// Gradients of features first..<first + count over all blocks. With g the gradient of the reconstruction at an entry:
//   da = g . decoder + penalty * slope
//   active:           encoder += da * input, bias += da, decoder += value * g, pull += slope * value
//   |value - threshold| < bandwidth / 2:   log threshold -= threshold^2 / bandwidth * da
//   decoder += shrink * pull * decoder
//   not active:       encoder -= revival * input, bias -= revival
// Where `dense` is given, da comes from there, and the products with input and g are left to the caller.
void ck_feature_pullback(const ck_feature_layer *layer, const ck_entries *blocks, size_t block_count, size_t first,
                         size_t count);

// norm[f] = sqrt(sum of squares) of rows of `width`.
void ck_row_norms(const float *rows, size_t count, size_t width, float *norm);

#endif
