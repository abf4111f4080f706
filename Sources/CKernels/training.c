#include "CKernels.h"
#include "paths.h"

#pragma STDC FP_CONTRACT OFF

INLINE float dot(const float *x, const float *y, size_t count) {
  float sum[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) sum[j] = fmaf(x[i + j], y[i + j], sum[j]);
  for (int j = 0; i < count; i++, j++) sum[j] = fmaf(x[i], y[i], sum[j]);
  return tree(sum);
}

INLINE void ck_exp_body(const float *x, float *y, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) exp_values(x + i, y + i);
  for (; i < count; i++) y[i] = exp_value(x[i]);
}
PATHS(ck_exp, (const float *x, float *y, size_t count), (x, y, count))

// ---------------------------------------------------------------- norms

INLINE float mean_of(const float *x, size_t width) {
  float sum[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= width; i += LANES)
    for (int j = 0; j < LANES; j++) sum[j] += x[i + j];
  for (int j = 0; i < width; i++, j++) sum[j] += x[i];
  return tree(sum) / (float)width;
}

INLINE float squares_around(const float *x, float mean, size_t width) {
  float sum[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= width; i += LANES)
    for (int j = 0; j < LANES; j++) {
      float value = x[i + j] - mean;
      sum[j] = fmaf(value, value, sum[j]);
    }
  for (int j = 0; i < width; i++, j++) {
    float value = x[i] - mean;
    sum[j] = fmaf(value, value, sum[j]);
  }
  return tree(sum);
}

INLINE void ck_norm_body(const float *x, size_t rows, size_t width, const float *gain, const float *bias, int centers,
                         float epsilon, float *y, float *scale) {
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    float mean = centers ? mean_of(x, width) : 0;
    float r = 1 / sqrtf(squares_around(x, mean, width) / (float)width + epsilon);
    scale[row] = r;
    if (bias)
      for (size_t i = 0; i < width; i++) y[i] = fmaf((x[i] - mean) * r, gain[i], bias[i]);
    else
      for (size_t i = 0; i < width; i++) y[i] = (x[i] - mean) * r * gain[i];
  }
}
PATHS(ck_norm,
      (const float *x, size_t rows, size_t width, const float *gain, const float *bias, int centers, float epsilon,
       float *y, float *scale),
      (x, rows, width, gain, bias, centers, epsilon, y, scale))

// With n = (x - mean) r and w = gain * gy:  gx += r (w - mean(w) - n mean(w n)).
INLINE void ck_norm_pullback_body(const float *gy, const float *x, size_t rows, size_t width, const float *gain,
                                  int centers, const float *scale, float *gx, float *gain_gradient,
                                  float *bias_gradient) {
  for (size_t row = 0; row < rows; row++, gy += width, x += width, gx += width) {
    float mean = centers ? mean_of(x, width) : 0, r = scale[row];
    float along[LANES] = {0}, flat[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= width; i += LANES)
      for (int j = 0; j < LANES; j++) {
        float w = gain[i + j] * gy[i + j];
        along[j] = fmaf(w, (x[i + j] - mean) * r, along[j]);
        flat[j] += w;
      }
    for (int j = 0; i < width; i++, j++) {
      float w = gain[i] * gy[i];
      along[j] = fmaf(w, (x[i] - mean) * r, along[j]);
      flat[j] += w;
    }
    float projection = tree(along) / (float)width, level = centers ? tree(flat) / (float)width : 0;
    for (i = 0; i < width; i++) {
      float n = (x[i] - mean) * r;
      gx[i] = fmaf(r, fmaf(gain[i], gy[i], -level) - n * projection, gx[i]);
    }
    if (gain_gradient)
      for (i = 0; i < width; i++) gain_gradient[i] = fmaf(gy[i], (x[i] - mean) * r, gain_gradient[i]);
    if (bias_gradient)
      for (i = 0; i < width; i++) bias_gradient[i] += gy[i];
  }
}
PATHS(ck_norm_pullback,
      (const float *gy, const float *x, size_t rows, size_t width, const float *gain, int centers, const float *scale,
       float *gx, float *gain_gradient, float *bias_gradient),
      (gy, x, rows, width, gain, centers, scale, gx, gain_gradient, bias_gradient))

// ---------------------------------------------------------------- gates

INLINE void ck_silu_gate_body(const float *gate, const float *up, float *inner, size_t count) {
  for (size_t i = 0; i < count; i++) inner[i] = gate[i] / (1 + exp_value(-gate[i])) * up[i];
}
PATHS(ck_silu_gate, (const float *gate, const float *up, float *inner, size_t count), (gate, up, inner, count))

INLINE void ck_silu_gate_pullback_body(const float *inner_gradient, float *gate, float *up, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float s = 1 / (1 + exp_value(-gate[i])), g = inner_gradient[i], silu = gate[i] * s;
    gate[i] = g * up[i] * fmaf(silu, 1 - s, s);
    up[i] = g * silu;
  }
}
PATHS(ck_silu_gate_pullback, (const float *inner_gradient, float *gate, float *up, size_t count),
      (inner_gradient, gate, up, count))

// ---------------------------------------------------------------- attention

INLINE void ck_rotate_body(float *x, size_t rows, size_t row_stride, size_t heads, size_t half, const float *cosine,
                           const float *sine, int inverse) {
  float sign = inverse ? -1.0f : 1.0f;
  for (size_t row = 0; row < rows; row++, cosine += half, sine += half)
    for (size_t head = 0; head < heads; head++) {
      float *first = x + row * row_stride + head * 2 * half, *second = first + half;
      for (size_t i = 0; i < half; i++) {
        float a = first[i], b = second[i], s = sign * sine[i];
        first[i] = a * cosine[i] - b * s;
        second[i] = b * cosine[i] + a * s;
      }
    }
}
PATHS(ck_rotate,
      (float *x, size_t rows, size_t row_stride, size_t heads, size_t half, const float *cosine, const float *sine,
       int inverse),
      (x, rows, row_stride, heads, half, cosine, sine, inverse))

INLINE float largest(const float *x, size_t count) {
  float high[LANES];
  for (int j = 0; j < LANES; j++) high[j] = x[0];
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) high[j] = x[i + j] > high[j] ? x[i + j] : high[j];
  for (; i < count; i++) high[0] = x[i] > high[0] ? x[i] : high[0];
  for (int j = 1; j < LANES; j++) high[0] = high[j] > high[0] ? high[j] : high[0];
  return high[0];
}

// Replaces x by exp(x - max) and returns the sum.
INLINE float exponentials(float *x, size_t count) {
  float high = largest(x, count), sum[LANES] = {0};
  for (size_t i = 0; i < count; i++) x[i] = exp_value(x[i] - high);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) sum[j] += x[i + j];
  for (int j = 0; i < count; i++, j++) sum[j] += x[i];
  return tree(sum);
}

INLINE void ck_attend_body(const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride,
                           size_t count, size_t width, float scale, float *p, float *o, size_t o_stride) {
  for (size_t t = 0; t < count; t++, p += count) {
    for (size_t s = 0; s <= t; s++) p[s] = scale * dot(q + t * q_stride, k + s * kv_stride, width);
    float total = 1 / exponentials(p, t + 1);
    for (size_t s = 0; s <= t; s++) p[s] *= total;
    for (size_t s = t + 1; s < count; s++) p[s] = 0;
    float *out = o + t * o_stride;
    for (size_t i = 0; i < width; i++) out[i] = 0;
    for (size_t s = 0; s <= t; s++)
      for (size_t i = 0; i < width; i++) out[i] = fmaf(p[s], v[s * kv_stride + i], out[i]);
  }
}
PATHS(ck_attend,
      (const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, size_t count, size_t width,
       float scale, float *p, float *o, size_t o_stride),
      (q, q_stride, k, v, kv_stride, count, width, scale, p, o, o_stride))

// With dp[s] = go . v[s]: ds = p (dp - sum p dp), gq = scale * sum ds k, gk += scale * ds q, gv += p go.
INLINE void ck_attend_pullback_body(const float *go, size_t go_stride, const float *q, size_t q_stride, const float *k,
                                    const float *v, size_t kv_stride, const float *p, size_t count, size_t width,
                                    float scale, float *gq, size_t gq_stride, float *gk, float *gv, size_t gkv_stride,
                                    float *work) {
  for (size_t t = 0; t < count; t++, p += count) {
    const float *out = go + t * go_stride, *query = q + t * q_stride;
    float mean = 0;
    for (size_t s = 0; s <= t; s++) {
      work[s] = dot(out, v + s * kv_stride, width);
      mean = fmaf(p[s], work[s], mean);
    }
    float *query_gradient = gq + t * gq_stride;
    for (size_t i = 0; i < width; i++) query_gradient[i] = 0;
    for (size_t s = 0; s <= t; s++) {
      float change = scale * p[s] * (work[s] - mean);
      const float *key = k + s * kv_stride;
      float *key_gradient = gk + s * gkv_stride, *value_gradient = gv + s * gkv_stride;
      for (size_t i = 0; i < width; i++) query_gradient[i] = fmaf(change, key[i], query_gradient[i]);
      for (size_t i = 0; i < width; i++) key_gradient[i] = fmaf(change, query[i], key_gradient[i]);
      for (size_t i = 0; i < width; i++) value_gradient[i] = fmaf(p[s], out[i], value_gradient[i]);
    }
  }
}
PATHS(ck_attend_pullback,
      (const float *go, size_t go_stride, const float *q, size_t q_stride, const float *k, const float *v,
       size_t kv_stride, const float *p, size_t count, size_t width, float scale, float *gq, size_t gq_stride,
       float *gk, float *gv, size_t gkv_stride, float *work),
      (go, go_stride, q, q_stride, k, v, kv_stride, p, count, width, scale, gq, gq_stride, gk, gv, gkv_stride, work))

// ---------------------------------------------------------------- losses

INLINE void cross_entropy_body(float *logits, size_t width, size_t target, float weight, float *loss) {
  float high = largest(logits, width), wanted = logits[target];
  float total = exponentials(logits, width), scale = weight / total;
  for (size_t i = 0; i < width; i++) logits[i] *= scale;
  logits[target] -= weight;
  *loss = high - wanted + logf(total);
}
PATHS(cross_entropy, (float *logits, size_t width, size_t target, float weight, float *loss),
      (logits, width, target, weight, loss))

float ck_cross_entropy(float *logits, size_t width, size_t target, float weight) {
  float loss;
  cross_entropy(logits, width, target, weight, &loss);
  return loss;
}

// ---------------------------------------------------------------- sums and the optimiser

INLINE void ck_add_rows_body(const float *x, size_t rows, size_t width, float *y) {
  for (size_t row = 0; row < rows; row++, x += width)
    for (size_t i = 0; i < width; i++) y[i] += x[i];
}
PATHS(ck_add_rows, (const float *x, size_t rows, size_t width, float *y), (x, rows, width, y))

double ck_sum_of_squares(const float *x, size_t count) {
  double sum[8] = {0};
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int j = 0; j < 8; j++) sum[j] += (double)x[i + j] * x[i + j];
  for (int j = 0; i < count; i++, j++) sum[j] += (double)x[i] * x[i];
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

INLINE void ck_adam_body(const ck_adam_step *step, const float *gradient, float *m, float *v, float *w, size_t count) {
  ck_adam_step s = *step;
  float shrink1 = 1 / s.correction1, shrink2 = 1 / s.correction2;
  for (size_t i = 0; i < count; i++) {
    float g = s.gradient_scale * gradient[i];
    m[i] = fmaf(s.beta1, m[i], (1 - s.beta1) * g);
    v[i] = fmaf(s.beta2, v[i], (1 - s.beta2) * g * g);
    float change = m[i] * shrink1 / (sqrtf(v[i] * shrink2) + s.epsilon);
    w[i] = fmaf(-s.rate, fmaf(s.decay, w[i], change), w[i]);
  }
}
PATHS(ck_adam, (const ck_adam_step *step, const float *gradient, float *m, float *v, float *w, size_t count),
      (step, gradient, m, v, w, count))
