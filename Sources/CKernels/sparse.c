#include "CKernels.h"
#include "paths.h"

#pragma STDC FP_CONTRACT OFF

// ---------------------------------------------------------------- finding what counts

#if defined(__x86_64__)
T512 static size_t scan512(const float *p, size_t tokens, float bias, float low, uint16_t *token, float *value) {
  __m512 b = _mm512_set1_ps(bias), bound = _mm512_set1_ps(low);
  __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t found = 0;
  for (size_t t = 0; t < tokens; t += 16, place = _mm512_add_epi32(place, _mm512_set1_epi32(16))) {
    __mmask16 there = tokens - t >= 16 ? (__mmask16)0xFFFF : (__mmask16)((1u << (tokens - t)) - 1);
    __m512 v = _mm512_add_ps(_mm512_maskz_loadu_ps(there, p + t), b);
    __mmask16 kept = _mm512_mask_cmp_ps_mask(there, v, bound, _CMP_NLE_UQ);
    if (!kept) continue;
    _mm512_storeu_ps(value + found, _mm512_maskz_compress_ps(kept, v));
    _mm256_storeu_si256((__m256i *)(token + found), _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(kept, place)));
    found += (size_t)__builtin_popcount(kept);
  }
  return found;
}

// Few are kept, so eight are asked at once.
T256 static size_t scan256(const float *p, size_t tokens, float bias, float low, uint16_t *token, float *value) {
  __m256 b = _mm256_set1_ps(bias), bound = _mm256_set1_ps(low);
  size_t found = 0, t = 0;
  for (; t + 8 <= tokens; t += 8) {
    __m256 v = _mm256_add_ps(_mm256_loadu_ps(p + t), b);
    unsigned kept = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, bound, _CMP_NLE_UQ));
    for (; kept; kept &= kept - 1, found++) {
      size_t at = t + (size_t)__builtin_ctz(kept);
      value[found] = p[at] + bias;
      token[found] = (uint16_t)at;
    }
  }
  for (; t < tokens; t++) {
    float v = p[t] + bias;
    value[found] = v;
    token[found] = (uint16_t)t;
    found += !(v <= low);
  }
  return found;
}
#endif

static size_t scan_portable(const float *p, size_t tokens, float bias, float low, uint16_t *token, float *value) {
  size_t found = 0;
  for (size_t t = 0; t < tokens; t++) {
    float v = p[t] + bias;
    value[found] = v;
    token[found] = (uint16_t)t;
    found += !(v <= low);
  }
  return found;
}

size_t ck_scan(const float *p, size_t p_stride, size_t first, size_t features, size_t tokens, const float *bias,
               const float *low, uint16_t *token, float *value, size_t capacity, uint32_t *start) {
  int level = ck_level();
  size_t place = start[first];
  for (size_t f = first; f < features; f++) {
    if (place + tokens + 32 > capacity) return f;
#if defined(__x86_64__)
    if (level == 3)
      place += scan512(p + f * p_stride, tokens, bias[f], low[f], token + place, value + place);
    else if (level == 2)
      place += scan256(p + f * p_stride, tokens, bias[f], low[f], token + place, value + place);
    else
#endif
      place += scan_portable(p + f * p_stride, tokens, bias[f], low[f], token + place, value + place);
    start[f + 1] = (uint32_t)place;
  }
  (void)level;
  return features;
}

// The `keep`-th largest of each of up to 16 tokens that lie side by side, 0 where fewer are positive. The bits of positive
// floats are ordered as they are, so it is found bit by bit, by counting.
INLINE void find_cuts(const float *p, size_t p_stride, size_t features, size_t lanes, size_t keep, int32_t cut[LANES]) {
  integers found = {0}, wanted = {0};
  wanted = wanted + (int32_t)keep;
  for (int bit = 30; bit >= 0; bit--) {
    integers trial = found | (int32_t)1 << bit, count = {0};
    for (size_t f = 0; f < features; f++) {
      integers bits = {0};
      memcpy(&bits, p + f * p_stride, lanes * sizeof *p);
      count -= bits >= trial;  // a comparison that holds is -1
    }
    integers enough = count >= wanted;
    found = (enough & trial) | (~enough & found);
  }
  memcpy(cut, &found, sizeof found);
}

INLINE void ck_keep_largest_body(float *p, size_t p_stride, size_t features, size_t tokens, const float *bias,
                                 size_t keep) {
  for (size_t f = 0; f < features; f++)
    for (size_t t = 0; t < tokens; t++) {
      float v = p[f * p_stride + t] + bias[f];
      p[f * p_stride + t] = v <= 0 ? 0 : v;
    }
  for (size_t t0 = 0; t0 < tokens; t0 += LANES) {
    size_t lanes = tokens - t0 < LANES ? tokens - t0 : LANES;
    int32_t cut[LANES];
    // With a number of lanes that the compiler knows, they are loaded as one vector.
    if (lanes == LANES) find_cuts(p + t0, p_stride, features, LANES, keep, cut);
    else find_cuts(p + t0, p_stride, features, lanes, keep, cut);
    // `cut` is the keep-th largest, or 0 where fewer are positive; those above it stay, and of its equals the first.
    int32_t left[LANES];
    for (int j = 0; j < LANES; j++) left[j] = (int32_t)keep;
    for (size_t f = 0; f < features; f++)
      for (size_t j = 0; j < lanes; j++) {
        int32_t bits;
        memcpy(&bits, p + f * p_stride + t0 + j, 4);
        left[j] -= bits > cut[j];
      }
    for (size_t f = 0; f < features; f++)
      for (size_t j = 0; j < lanes; j++) {
        float *v = p + f * p_stride + t0 + j;
        int32_t bits;
        memcpy(&bits, v, 4);
        int stays = bits > cut[j];
        if (!stays && bits == cut[j] && bits != 0 && left[j] > 0) {
          stays = 1;
          left[j]--;
        }
        if (!stays) *v = -INFINITY;
      }
  }
}
PATHS(ck_keep_largest,
      (float *p, size_t p_stride, size_t features, size_t tokens, const float *bias, size_t keep),
      (p, p_stride, features, tokens, bias, keep))

// ---------------------------------------------------------------- the penalty

INLINE void penalty_body(const float *value, const uint32_t *start, size_t features, const float *threshold,
                         const float *sharpness, float *slope, double *sum) {
  for (size_t f = 0; f < features; f++)
    for (size_t i = start[f]; i < start[f + 1]; i++)
      slope[i] = value[i] <= threshold[f] ? 0 : -2 * sharpness[f] * value[i];
  size_t first = start[0], count = start[features] - first;
  ck_exp(slope + first, slope + first, count);
  double total[8] = {0};
  size_t i = first;
  for (; i + 8 <= first + count; i += 8)
    for (int j = 0; j < 8; j++) {
      float e = slope[i + j], r = 1 / (1 + e);
      slope[i + j] = 4 * e * r * r;
      total[j] += (double)((1 - e) * r);
    }
  for (int j = 0; i < first + count; i++, j++) {
    float e = slope[i], r = 1 / (1 + e);
    slope[i] = 4 * e * r * r;
    total[j] += (double)((1 - e) * r);
  }
  *sum = ((total[0] + total[4]) + (total[1] + total[5])) + ((total[2] + total[6]) + (total[3] + total[7]));
}
#define penalty_paths_body penalty_body
PATHS(penalty_paths,
      (const float *value, const uint32_t *start, size_t features, const float *threshold, const float *sharpness,
       float *slope, double *sum),
      (value, start, features, threshold, sharpness, slope, sum))

double ck_penalty(const float *value, const uint32_t *start, size_t features, const float *threshold,
                  const float *sharpness, float *slope) {
  double sum = 0;
  penalty_paths(value, start, features, threshold, sharpness, slope, &sum);
  return sum;
}

// ---------------------------------------------------------------- decoding

// y += scale * x.
INLINE void add_scaled(const float *x, float scale, float *y, size_t count) {
  vector s = {0};
  s = s + scale;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    vector sum = FMA(s, LOAD(x + i), LOAD(y + i));
    STORE(y + i, sum);
  }
  for (; i < count; i++) y[i] = fmaf(scale, x[i], y[i]);
}

// Entries name tokens in no order that the processor could foresee: what one will need is fetched this many earlier.
enum { AHEAD = 2 };

INLINE void fetch(const float *x, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(x + i);
}

INLINE float dot(const float *x, const float *y, size_t count) {
  vector a = {0}, b = {0}, c = {0}, d = {0};
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    a = FMA(LOAD(x + i), LOAD(y + i), a);
    b = FMA(LOAD(x + i + 16), LOAD(y + i + 16), b);
    c = FMA(LOAD(x + i + 32), LOAD(y + i + 32), c);
    d = FMA(LOAD(x + i + 48), LOAD(y + i + 48), d);
  }
  for (; i + 16 <= count; i += 16) a = FMA(LOAD(x + i), LOAD(y + i), a);
  float rest = 0;
  for (; i < count; i++) rest = fmaf(x[i], y[i], rest);
  float lanes[16];
  STORE(lanes, (a + b) + (c + d));
  return tree(lanes) + rest;
}

INLINE void ck_decode_body(const uint16_t *token, const float *value, const uint32_t *start, size_t features,
                           const float *threshold, const float *decoder, size_t width, float *y, size_t y_stride) {
  size_t end = start[features];
  for (size_t f = 0; f < features; f++)
    for (size_t i = start[f]; i < start[f + 1]; i++) {
      if (i + AHEAD < end) fetch(y + token[i + AHEAD] * y_stride, width);
      if (!(value[i] <= threshold[f])) add_scaled(decoder + f * width, value[i], y + token[i] * y_stride, width);
    }
}
PATHS(ck_decode,
      (const uint16_t *token, const float *value, const uint32_t *start, size_t features, const float *threshold,
       const float *decoder, size_t width, float *y, size_t y_stride),
      (token, value, start, features, threshold, decoder, width, y, y_stride))

void ck_spread(const uint16_t *token, const float *value, const uint32_t *start, size_t features, size_t tokens,
               const float *threshold, float *dense) {
  memset(dense, 0, features * tokens * 4);
  for (size_t f = 0; f < features; f++)
    for (size_t i = start[f]; i < start[f + 1]; i++)
      if (!(value[i] <= threshold[f])) dense[f * tokens + token[i]] = value[i];
}

INLINE void ck_residual_body(float *reconstruction, const float *target, size_t tokens, size_t layers, size_t width,
                             float scale, double *loss, float *sum) {
  for (size_t t = 0; t < tokens; t++)
    for (size_t l = 0; l < layers; l++) {
      float *y = reconstruction + (t * layers + l) * width;
      const float *wanted = target + (t * layers + l) * width;
      float squares[16] = {0};
      size_t i = 0;
      for (; i + 16 <= width; i += 16)
        for (int j = 0; j < 16; j++) {
          float error = y[i + j] - wanted[i + j];
          squares[j] = fmaf(error, error, squares[j]);
          y[i + j] = scale * error;
          sum[l * width + i + j] += scale * error;
        }
      for (int j = 0; i < width; i++, j++) {
        float error = y[i] - wanted[i];
        squares[j] = fmaf(error, error, squares[j]);
        y[i] = scale * error;
        sum[l * width + i] += scale * error;
      }
      for (int w = 8; w > 0; w /= 2)
        for (int j = 0; j < w; j++) squares[j] += squares[j + w];
      loss[l] += (double)squares[0];
    }
}
PATHS(ck_residual,
      (float *reconstruction, const float *target, size_t tokens, size_t layers, size_t width, float scale,
       double *loss, float *sum),
      (reconstruction, target, tokens, layers, width, scale, loss, sum))

// ---------------------------------------------------------------- the pullback

// One feature at one block; `near` sums da around the threshold, `pull` slope * value.
INLINE void pull_back_block(const ck_feature_layer *l, const ck_entries *b, size_t f, size_t first_after, float *near,
                            float *pull, float *bias) {
  size_t width = l->decoder_width;
  const float *decoder = l->decoder + f * width;
  float threshold = l->threshold[f], penalty = l->penalty[f], half = l->bandwidth / 2, revival = l->revival[f];
  float *encoder_gradient = l->encoder_gradient + f * l->input_width, *decoder_gradient = l->decoder_gradient + f * width;
  float sum_near = *near, sum_pull = *pull, sum_bias = *bias;
  uint32_t fired = 0;
  size_t end = b->start[first_after];
  for (size_t i = b->start[f]; i < b->start[f + 1]; i++) {
    if (i + AHEAD < end) {
      fetch(b->gradient + (size_t)b->token[i + AHEAD] * l->gradient_stride, width);
      fetch(b->input + (size_t)b->token[i + AHEAD] * l->input_width, l->input_width);
    }
    const float *g = b->gradient + (size_t)b->token[i] * l->gradient_stride;
    float value = b->value[i], slope = b->slope[i];
    if (value <= threshold && !(half > 0)) continue;
    float change = fmaf(penalty, slope, dot(g, decoder, width));
    if (fabsf(value - threshold) < half) sum_near += change;
    if (value <= threshold) continue;
    change += revival;
    sum_bias += change;
    sum_pull = fmaf(slope, value, sum_pull);
    add_scaled(g, value, decoder_gradient, width);
    add_scaled(b->input + (size_t)b->token[i] * l->input_width, change, encoder_gradient, l->input_width);
    fired++;
  }
  *near = sum_near, *pull = sum_pull, *bias = sum_bias;
  l->fired[f] += fired;
}

// The same where the products are dense: `dense` becomes the gradient of the preactivations.
INLINE void pull_back_dense(const ck_feature_layer *l, const ck_entries *b, size_t f, float *near, float *pull,
                            float *bias) {
  float *row = b->dense + f * l->dense_stride;
  float threshold = l->threshold[f], penalty = l->penalty[f], half = l->bandwidth / 2, revival = l->revival[f];
  size_t done = 0;  // everything before it is final
  for (size_t i = b->start[f]; i < b->start[f + 1]; i++) {
    size_t t = b->token[i];
    for (; done < t; done++) row[done] = 0;
    done = t + 1;
    float value = b->value[i], slope = b->slope[i], change = fmaf(penalty, slope, row[t]);
    if (fabsf(value - threshold) < half) *near += change;
    row[t] = 0;
    if (value <= threshold) continue;
    change += revival;
    row[t] = change;
    *bias += change;
    *pull = fmaf(slope, value, *pull);
    l->fired[f]++;
  }
  for (; done < l->dense_stride; done++) row[done] = 0;
}

INLINE void ck_feature_pullback_body(const ck_feature_layer *layer, const ck_entries *blocks, size_t block_count,
                                     size_t first, size_t count) {
  const ck_feature_layer l = *layer;
  float *bias = l.bias_gradient, *near = l.threshold_gradient, *pull = l.pull;
  memset(l.decoder_gradient + first * l.decoder_width, 0, count * l.decoder_width * 4);
  memset(l.encoder_gradient + first * l.input_width, 0, count * l.input_width * 4);
  for (size_t f = first; f < first + count; f++) bias[f] = near[f] = pull[f] = 0;
  for (size_t b = 0; b < block_count; b++)
    for (size_t f = first; f < first + count; f++) {
      if (blocks[b].dense) pull_back_dense(&l, blocks + b, f, near + f, pull + f, bias + f);
      else pull_back_block(&l, blocks + b, f, first + count, near + f, pull + f, bias + f);
    }
  for (size_t f = first; f < first + count; f++) {
    if (pull[f] != 0)
      add_scaled(l.decoder + f * l.decoder_width, l.shrink[f] * pull[f], l.decoder_gradient + f * l.decoder_width,
                 l.decoder_width);
    if (l.revival[f] != 0) {
      add_scaled(l.input_sum, -l.revival[f], l.encoder_gradient + f * l.input_width, l.input_width);
      bias[f] -= l.revival[f] * (float)l.tokens;
    }
    l.threshold_gradient[f] = l.bandwidth > 0 ? -l.threshold[f] * l.threshold[f] / l.bandwidth * near[f] : 0;
  }
}
PATHS(ck_feature_pullback,
      (const ck_feature_layer *layer, const ck_entries *blocks, size_t block_count, size_t first, size_t count),
      (layer, blocks, block_count, first, count))

INLINE void ck_row_norms_body(const float *rows, size_t count, size_t width, float *norm) {
  for (size_t f = 0; f < count; f++) norm[f] = sqrtf(dot(rows + f * width, rows + f * width, width));
}
PATHS(ck_row_norms, (const float *rows, size_t count, size_t width, float *norm), (rows, count, width, norm))
