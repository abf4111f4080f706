#include "CKernels.h"
#include "paths.h"

#pragma STDC FP_CONTRACT OFF

enum { QUERIES = 4 };  // worked on together, so that what is loaded of keys and values serves all

// Rows of keys begin an odd number of cache lines apart, so that they do not drive one another out.
INLINE size_t padding(size_t count) { return ((count + LANES - 1) / LANES | 1) * LANES; }

size_t ck_attend_work(size_t count, size_t width) { return (2 * width + QUERIES) * padding(count); }

#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

// sum[j] = the sum of x[j]'s lanes: neighbours are interleaved and added, four times over.
INLINE void add_lanes(vector x[LANES], float sum[LANES]) {
  for (int i = 0; i < 8; i++)
    x[i] = SHUFFLE(x[2 * i], x[2 * i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
           + SHUFFLE(x[2 * i], x[2 * i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  for (int i = 0; i < 4; i++)
    x[i] = SHUFFLE(x[2 * i], x[2 * i + 1], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
           + SHUFFLE(x[2 * i], x[2 * i + 1], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  for (int i = 0; i < 2; i++)
    x[i] = SHUFFLE(x[2 * i], x[2 * i + 1], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
           + SHUFFLE(x[2 * i], x[2 * i + 1], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  x[0] = SHUFFLE(x[0], x[1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
         + SHUFFLE(x[0], x[1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  STORE(sum, x[0]);
}

// Scores of four queries with `blocks` times 16 keys.
INLINE void score(const float *const query[QUERIES], const float *keys, size_t padded, size_t width, size_t blocks,
                  float *p) {
  vector sum[QUERIES][4] = {{{0}}};
  for (size_t i = 0; i < width; i++)
#pragma clang loop unroll(full)
    for (int n = 0; n < QUERIES; n++)
#pragma clang loop unroll(full)
      for (size_t b = 0; b < blocks; b++)
        sum[n][b] = FMA(ALL(query[n][i]), LOAD(keys + i * padded + b * LANES), sum[n][b]);
  for (int n = 0; n < QUERIES; n++)
    for (size_t b = 0; b < blocks; b++) STORE(p + n * padded + b * LANES, sum[n][b]);
}

// Lanes that stand behind `t` become `other`; the first lane stands at `s`.
INLINE void cut(float *p, size_t s, size_t t, float other) {
  for (int j = 0; j < LANES; j++) p[j] = s + (size_t)j > t ? other : p[j];
}

// Lane by lane the larger of two vectors.
#define LARGER(a, b)                                                   \
  ({                                                                   \
    vector a_ = (a), b_ = (b);                                         \
    integers first_ = a_ > b_;                                         \
    (vector)((first_ & (integers)a_) | (~first_ & (integers)b_));      \
  })

// Turns the scores of a query with keys 0...t into exponentials of their distance from the largest, with zeros to the
// end. Returns their sums by lane.
INLINE void exponentials(float *p, size_t t, size_t end, vector *total) {
  size_t edge = t / LANES * LANES;
  for (size_t s = edge; s < end; s += LANES) cut(p + s, s, t, -INFINITY);
  vector high = LOAD(p);
  for (size_t s = LANES; s < end; s += LANES) {
    vector x = LOAD(p + s);
    high = LARGER(x, high);
  }
  high = LARGER(high, SHUFFLE(high, high, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  high = LARGER(high, SHUFFLE(high, high, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  high = LARGER(high, SHUFFLE(high, high, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  high = LARGER(high, SHUFFLE(high, high, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
  vector sum = {0};
  for (size_t s = 0; s < end; s += LANES) {
    float values[LANES];
    vector x = LOAD(p + s) - high;
    STORE(values, x);
    exp_values(values, values);
    if (s >= edge) cut(values, s, t, 0);
    sum = sum + LOAD(values);
    memcpy(p + s, values, sizeof values);
  }
  *total = sum;
}

// Keys and values are turned round, so that narrow heads too fill the registers: 16 keys at a time.
INLINE void attend_body(const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride,
                        size_t count, size_t width, float scale, float *o, size_t o_stride, float *work) {
  size_t padded = padding(count);
  float *keys = work, *values = work + width * padded, *p = values + width * padded;
  for (size_t i = 0; i < width; i++)
    for (size_t s = 0; s < padded; s++) {
      keys[i * padded + s] = s < count ? scale * k[s * kv_stride + i] : 0;
      values[i * padded + s] = s < count ? v[s * kv_stride + i] : 0;
    }
  for (size_t t = 0; t < count; t += QUERIES) {
    size_t queries = count - t < QUERIES ? count - t : QUERIES;  // the surplus repeats the last, and is not written
    size_t end = (t + queries - 1) / LANES * LANES + LANES;
    const float *query[QUERIES];
    for (size_t n = 0; n < QUERIES; n++) query[n] = q + (t + (n < queries ? n : queries - 1)) * q_stride;
    size_t s = 0;
    for (; s + 4 * LANES <= end; s += 4 * LANES) score(query, keys + s, padded, width, 4, p + s);
    for (; s < end; s += LANES) score(query, keys + s, padded, width, 1, p + s);
    vector total[LANES] = {{0}};
    float share[LANES];
    for (size_t n = 0; n < QUERIES; n++)
      exponentials(p + n * padded, n < queries ? t + n : t + queries - 1, end, total + n);
    add_lanes(total, share);
    for (size_t n = 0; n < QUERIES; n++) share[n] = 1 / share[n];
    size_t i = 0;
    for (; i + 4 <= width; i += 4) {
      vector sum[LANES] = {{0}};  // [query][4]
      for (size_t s = 0; s < end; s += LANES)
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
          vector x = LOAD(values + (i + j) * padded + s);
#pragma clang loop unroll(full)
          for (int n = 0; n < QUERIES; n++) sum[4 * n + j] = FMA(LOAD(p + n * padded + s), x, sum[4 * n + j]);
        }
      float lanes[LANES];
      add_lanes(sum, lanes);
      for (size_t n = 0; n < queries; n++)
        for (int j = 0; j < 4; j++) o[(t + n) * o_stride + i + j] = share[n] * lanes[4 * n + j];
    }
    for (; i < width; i++)
      for (size_t n = 0; n < queries; n++) {
        float lanes[LANES] = {0};
        for (size_t s = 0; s < end; s += LANES)
          for (int j = 0; j < LANES; j++) lanes[j] = fmaf(p[n * padded + s + j], values[i * padded + s + j], lanes[j]);
        o[(t + n) * o_stride + i] = share[n] * tree(lanes);
      }
  }
}

#define PARAMETERS                                                                                               \
  (const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, size_t count, size_t width, \
   float scale, float *o, size_t o_stride, float *work)
#define ARGUMENTS (q, q_stride, k, v, kv_stride, count, width, scale, o, o_stride, work)
#if defined(__x86_64__)
T512 static void attend512 PARAMETERS { attend_body ARGUMENTS; }
T256 static void attend256 PARAMETERS { attend_body ARGUMENTS; }
#endif
static void attend0 PARAMETERS { attend_body ARGUMENTS; }

void ck_attend_forward PARAMETERS {
#if defined(__x86_64__)
  int level = ck_level();
  if (level == 3) {
    attend512 ARGUMENTS;
    return;
  }
  if (level == 2) {
    attend256 ARGUMENTS;
    return;
  }
#endif
  attend0 ARGUMENTS;
}

// Scaled and capped scores of some sources, in the place of the products; returns the greatest, or `top` if that is greater.
INLINE float scaled_scores(float *p, size_t count, float scale, float cap, float top) {
  float high[LANES];
  for (int j = 0; j < LANES; j++) high[j] = top;
  size_t i = 0;
  if (cap > 0)
    for (size_t n = 0; n < count; n++) p[n] = cap * tanhf(scale * p[n] / cap);
  else
    for (size_t n = 0; n < count; n++) p[n] = scale * p[n];
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) high[j] = p[i + j] > high[j] ? p[i + j] : high[j];
  for (int j = 0; i < count; i++, j++) high[j] = p[i] > high[j] ? p[i] : high[j];
  for (int j = 0; j < LANES; j++) top = high[j] > top ? high[j] : top;
  return top;
}

// exp(x - top) of 16 numbers; 0 far below it.
INLINE void distant_exponentials(const float *x, float top, float *y) {
  float distance[LANES];
  for (int j = 0; j < LANES; j++) distance[j] = x[j] - top;
  exp_values(distance, y);
  for (int j = 0; j < LANES; j++) y[j] = distance[j] < -87.3f ? 0 : y[j];
}

INLINE void ck_attention_shares_body(float *p, size_t count, size_t low, size_t high, float scale, float cap,
                                     int has_sink, float sink) {
  memset(p, 0, low * sizeof *p);
  memset(p + high, 0, (count - high) * sizeof *p);
  p += low;
  count = high - low;
  float top = scaled_scores(p, count, scale, cap, has_sink ? sink : -INFINITY), values[LANES];
  double sums[LANES] = {0}, total = 0;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    distant_exponentials(p + i, top, values);
    for (int j = 0; j < LANES; j++) sums[j] += values[j];
    memcpy(p + i, values, sizeof values);
  }
  if (i < count) {
    float rest[LANES];
    for (int j = 0; j < LANES; j++) rest[j] = i + j < count ? p[i + j] : -INFINITY;
    distant_exponentials(rest, top, values);
    for (int j = 0; j < LANES; j++) sums[j] += values[j];
    memcpy(p + i, values, (count - i) * sizeof *p);
  }
  for (int j = 0; j < LANES; j++) total += sums[j];
  if (has_sink) total += exp((double)sink - top);
  float share = (float)(1 / total);
  for (size_t n = 0; n < count; n++) p[n] *= share;
}
PATHS(ck_attention_shares,
      (float *p, size_t count, size_t low, size_t high, float scale, float cap, int has_sink, float sink),
      (p, count, low, high, scale, cap, has_sink, sink))
