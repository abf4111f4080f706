// What a backward pass needs beside products: norms, gates, attention, losses and the optimiser, row by row.
//
// Sums run in 16 partial sums added as a fixed tree, and exp is a polynomial of ours, so that the same input gives
// the same bits on every path.
#ifndef CK_TRAINING_H
#define CK_TRAINING_H

#include <stddef.h>
#include <stdint.h>

// C[i, j] (+)= sum over x of A[x, i] * B[x, j]: both matrices lie with the summed axis outermost.
// A [k, m] with rows of a_row_stride, B [k, n] with rows of b_row_stride, C [m, n] with rows of c_row_stride.
void ck_multiply_transposed(const float *a, size_t a_row_stride, const float *b, size_t b_row_stride, float *c,
                            size_t c_row_stride, size_t m, size_t k, size_t n, int accumulate);

// y[i] = exp(x[i]), within 2 units in the last place; 0 below -87.3.
void ck_exp(const float *x, float *y, size_t count);

// y = (x - mean) * scale * gain + bias for every row; no mean where `centers` is 0, no bias where it is NULL.
// scale[row] = 1 / sqrt(mean((x - mean)^2) + epsilon).
void ck_norm(const float *x, size_t rows, size_t width, const float *gain, const float *bias, int centers,
             float epsilon, float *y, float *scale);
// Adds the gradient at the input to gx, and those of gain and bias (where not NULL) to theirs. The scale's own
// dependence on x is part of it.
void ck_norm_pullback(const float *gy, const float *x, size_t rows, size_t width, const float *gain, int centers,
                      const float *scale, float *gx, float *gain_gradient, float *bias_gradient);

// inner = silu(gate) * up.
void ck_silu_gate(const float *gate, const float *up, float *inner, size_t count);
// Replaces gate and up by their gradients.
void ck_silu_gate_pullback(const float *inner_gradient, float *gate, float *up, size_t count);

// Turns the first half of each head against the second by the row's angles.
// x: rows of row_stride, `heads` heads of 2 * half numbers; cosine, sine: [row, half]. inverse = 1 turns back.
void ck_rotate(float *x, size_t rows, size_t row_stride, size_t heads, size_t half, const float *cosine,
               const float *sine, int inverse);

// Causal attention of one head over one text: p = softmax(scale * q k^T) [count, count] (zero above the diagonal),
// o = p v. Rows of q, k, v, o have their own strides; `width` is the head's.
void ck_attend(const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, size_t count,
               size_t width, float scale, float *p, float *o, size_t o_stride);
// The same without keeping p, for runs that nothing is differentiated after; keys are taken 16 at a time, so that narrow
// heads are fast. `work` holds ck_attend_work(count, width) floats.
size_t ck_attend_work(size_t count, size_t width);
void ck_attend_forward(const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, size_t count,
                       size_t width, float scale, float *o, size_t o_stride, float *work);
// What one reader attends to: p, its products with `count` sources, becomes the softmax of scale * p over the sources low
// to high - 1, capped before as cap * tanh(score / cap) where cap > 0, and 0 elsewhere. A sink takes its share of the
// softmax and is no source.
void ck_attention_shares(float *p, size_t count, size_t low, size_t high, float scale, float cap, int has_sink,
                         float sink);
// Writes the gradient of q, adds those of k and v. `work` holds `count` floats.
void ck_attend_pullback(const float *go, size_t go_stride, const float *q, size_t q_stride, const float *k,
                        const float *v, size_t kv_stride, const float *p, size_t count, size_t width, float scale,
                        float *gq, size_t gq_stride, float *gk, float *gv, size_t gkv_stride, float *work);

// Cross-entropy of one row: returns -log softmax(logits)[target] and replaces the logits by
// weight * (softmax - onehot).
float ck_cross_entropy(float *logits, size_t width, size_t target, float weight);

// y[j] += sum over rows of x[row, j].
void ck_add_rows(const float *x, size_t rows, size_t width, float *y);
// Sum of squares in double precision.
double ck_sum_of_squares(const float *x, size_t count);

// One step of Adam with decoupled weight decay:
// g' = gradient_scale * g, m = b1 m + (1 - b1) g', v = b2 v + (1 - b2) g'^2,
// w -= rate * (m / correction1 / (sqrt(v / correction2) + epsilon) + decay * w).
typedef struct {
  float gradient_scale, beta1, beta2, correction1, correction2, epsilon, rate, decay;
} ck_adam_step;
void ck_adam(const ck_adam_step *step, const float *gradient, float *m, float *v, float *w, size_t count);

#endif
