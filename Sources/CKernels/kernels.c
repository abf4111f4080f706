#include "CKernels.h"
#include "paths.h"

#pragma STDC FP_CONTRACT OFF

// ---------------------------------------------------------------- which path

static int level_limit = 3;

int ck_level(void) {
  int level = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    level = 3;
  else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    level = 2;
#endif
  return level < level_limit ? level : level_limit;
}

int ck_limit_level(int level) {
  level_limit = level;
  return ck_level();
}

// ---------------------------------------------------------------- conversion

INLINE float from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

INLINE float from_f16(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = (bits >> 10) & 0x1F, fraction = bits & 0x3FF, wide;
  float value;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    value = (float)fraction * 0x1p-24f;
    memcpy(&wide, &value, 4);
    wide |= sign;
  } else {
    wide = sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | fraction << 13;
  }
  memcpy(&value, &wide, 4);
  return value;
}

// Rows of mapped files need not be aligned, hence memcpy.
INLINE float element(const void *w, ck_type type, size_t i) {
  float value;
  uint16_t half;
  if (type == CK_F32) {
    memcpy(&value, (const char *)w + i * 4, 4);
    return value;
  }
  memcpy(&half, (const char *)w + i * 2, 2);
  return type == CK_BF16 ? from_bf16(half) : from_f16(half);
}

void ck_convert(const void *source, ck_type type, size_t count, float *destination) {
  if (type == CK_F32) {
    memcpy(destination, source, count * 4);
  } else if (type == CK_BF16) {
    for (size_t i = 0; i < count; i++) destination[i] = element(source, CK_BF16, i);
  } else {
    for (size_t i = 0; i < count; i++) destination[i] = element(source, CK_F16, i);
  }
}

// ---------------------------------------------------------------- packing

size_t ck_packed_count(size_t n, size_t k) { return (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL * k; }

// 16 columns of consecutive k, transposed through a small tile that stays in cache.
INLINE void pack_columns(const char *w, ck_type type, size_t n, size_t k, size_t column_stride, float *panel) {
  size_t size = type == CK_F32 ? 4 : 2;
  float tile[CK_PANEL][64];
  for (size_t k0 = 0; k0 < k; k0 += 64) {
    size_t kc = k - k0 < 64 ? k - k0 : 64;
    for (size_t j = 0; j < n; j++) ck_convert(w + (j * column_stride + k0) * size, type, kc, tile[j]);
    for (size_t i = 0; i < kc; i++) {
      float *row = panel + (k0 + i) * CK_PANEL;
      for (size_t j = 0; j < n; j++) row[j] = tile[j][i];
      for (size_t j = n; j < CK_PANEL; j++) row[j] = 0;
    }
  }
}

void ck_pack(const void *w, ck_type type, size_t n, size_t k, size_t column_stride, size_t k_stride, float *panels) {
  size_t size = type == CK_F32 ? 4 : 2;
  for (size_t j0 = 0; j0 < n; j0 += CK_PANEL, panels += k * CK_PANEL) {
    size_t columns = n - j0 < CK_PANEL ? n - j0 : CK_PANEL;
    const char *from = (const char *)w + j0 * column_stride * size;
    if (k_stride == 1) {
      pack_columns(from, type, columns, k, column_stride, panels);
      continue;
    }
    for (size_t i = 0; i < k; i++) {
      float *row = panels + i * CK_PANEL;
      if (column_stride == 1)
        ck_convert(from + i * k_stride * size, type, columns, row);
      else
        for (size_t j = 0; j < columns; j++) row[j] = element(from, type, j * column_stride + i * k_stride);
      for (size_t j = columns; j < CK_PANEL; j++) row[j] = 0;
    }
  }
}

// ---------------------------------------------------------------- tiles
//
// A tile is `rows` x up to 32 columns of C, held in registers while k runs. `stride_s` and `stride_i` walk A.

typedef struct {
  const float *a;
  size_t a_row_stride, a_segment_stride, segments, k;
  size_t a_k_stride;  // 1, or the row stride of an A that lies transposed (its a_row_stride is 1)
  const float *b;
  size_t b_row_stride;
  float *c;
  size_t c_row_stride;
  size_t columns;
  int accumulate;
  const char *ahead;  // what will be read after this tile, fetched meanwhile, `ahead_step` bytes for each k; or NULL
  size_t ahead_step;
} tile_arguments;

#if defined(__x86_64__)
INLINE T512 void tile512(const tile_arguments *t, const int rows, const int vectors, const int transposed) {
  __m512 sum[14][2];
  __mmask16 mask[2];
  for (int v = 0; v < vectors; v++) {
    size_t left = t->columns > (size_t)v * 16 ? t->columns - (size_t)v * 16 : 0;
    mask[v] = left >= 16 ? (__mmask16)0xFFFF : (__mmask16)((1u << left) - 1);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      sum[r][v] = t->accumulate ? _mm512_maskz_loadu_ps(mask[v], t->c + (size_t)r * t->c_row_stride + v * 16)
                                : _mm512_setzero_ps();
  const float *b = t->b;
  size_t row_stride = transposed ? 1 : t->a_row_stride, k_stride = transposed ? t->a_k_stride : 1;
  size_t b_stride = t->b_row_stride, k = t->k, ahead_step = t->ahead ? t->ahead_step : 0;
  const char *ahead = t->ahead ? t->ahead : (const char *)b;
  int whole = t->columns == (size_t)vectors * 16;
  for (size_t s = 0; s < t->segments; s++) {
    const float *a = t->a + s * t->a_segment_stride;
    for (size_t x = 0; x < k; x++, b += b_stride) {
      __m512 column[2];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++)
        column[v] = whole ? _mm512_loadu_ps(b + v * 16) : _mm512_maskz_loadu_ps(mask[v], b + v * 16);
      _mm_prefetch((const char *)(b + 8 * b_stride), _MM_HINT_T0);
      if (vectors == 2) _mm_prefetch((const char *)(b + 8 * b_stride + 16), _MM_HINT_T0);
      _mm_prefetch(ahead, _MM_HINT_T1);
      ahead += ahead_step;
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        __m512 value = _mm512_set1_ps(a[(size_t)r * row_stride + x * k_stride]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_fmadd_ps(value, column[v], sum[r][v]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      _mm512_mask_storeu_ps(t->c + (size_t)r * t->c_row_stride + v * 16, mask[v], sum[r][v]);
}

INLINE T256 __m256i lanes256(size_t columns, int v) {
  int left = (int)columns - v * 8;
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE T256 void tile256(const tile_arguments *t, const int rows) {
  __m256 sum[6][2];
  __m256i mask[2] = {lanes256(t->columns, 0), lanes256(t->columns, 1)};
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++)
      sum[r][v] = t->accumulate ? _mm256_maskload_ps(t->c + (size_t)r * t->c_row_stride + v * 8, mask[v])
                                : _mm256_setzero_ps();
  const float *b = t->b;
  for (size_t s = 0; s < t->segments; s++) {
    const float *a = t->a + s * t->a_segment_stride;
    for (size_t x = 0; x < t->k; x++, b += t->b_row_stride) {
      __m256 b0 = _mm256_maskload_ps(b, mask[0]), b1 = _mm256_maskload_ps(b + 8, mask[1]);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        __m256 value = _mm256_set1_ps(a[(size_t)r * t->a_row_stride + x * t->a_k_stride]);
        sum[r][0] = _mm256_fmadd_ps(value, b0, sum[r][0]);
        sum[r][1] = _mm256_fmadd_ps(value, b1, sum[r][1]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++)
      _mm256_maskstore_ps(t->c + (size_t)r * t->c_row_stride + v * 8, mask[v], sum[r][v]);
}

#define CASE512(R) case R: tile512(t, R, vectors, transposed); break;
INLINE T512 void rows512(const tile_arguments *t, size_t rows, const int vectors, const int transposed) {
  switch (rows) {
    CASE512(1) CASE512(2) CASE512(3) CASE512(4) CASE512(5) CASE512(6) CASE512(7)
    CASE512(8) CASE512(9) CASE512(10) CASE512(11) CASE512(12) CASE512(13) CASE512(14)
  }
}
T512 static void wide512(const tile_arguments *t, size_t rows) { rows512(t, rows, 2, 0); }
T512 static void narrow512(const tile_arguments *t, size_t rows) { rows512(t, rows, 1, 0); }
T512 static void wide_transposed512(const tile_arguments *t, size_t rows) { rows512(t, rows, 2, 1); }
T512 static void narrow_transposed512(const tile_arguments *t, size_t rows) { rows512(t, rows, 1, 1); }

#define CASE256(R) case R: tile256(t, R); break;
T256 static void rows256(const tile_arguments *t, size_t rows) {
  switch (rows) { CASE256(1) CASE256(2) CASE256(3) CASE256(4) CASE256(5) CASE256(6) }
}
#endif

static void tile_portable(const tile_arguments *t, size_t rows) {
  for (size_t r = 0; r < rows; r++) {
    float sum[CK_PANEL] = {0};
    if (t->accumulate) memcpy(sum, t->c + r * t->c_row_stride, t->columns * 4);
    const float *b = t->b;
    for (size_t s = 0; s < t->segments; s++) {
      const float *a = t->a + s * t->a_segment_stride + r * t->a_row_stride;
      for (size_t x = 0; x < t->k; x++, b += t->b_row_stride)
        for (size_t j = 0; j < t->columns; j++) sum[j] = fmaf(a[x * t->a_k_stride], b[j], sum[j]);
    }
    memcpy(t->c + r * t->c_row_stride, sum, t->columns * 4);
  }
}

// All rows of one panel.
static void panel(tile_arguments t, size_t m, int level) {
#if defined(__x86_64__)
  if (level == 3) {
    // Rows are shared out evenly, so that no tile is left with one or two.
    size_t tiles = (m + 13) / 14, at = 0;
    // Each tile fetches its part of the next panel, which then waits in the second-level cache; one alone, every other line.
    t.ahead_step = CK_PANEL * sizeof(float) / tiles;
    for (size_t i = 0; i < tiles; i++) {
      size_t end = m * (i + 1) / tiles, rows = end - at;
      if (t.a_k_stride == 1) {
        if (t.columns > 16) wide512(&t, rows); else narrow512(&t, rows);
      } else {
        if (t.columns > 16) wide_transposed512(&t, rows); else narrow_transposed512(&t, rows);
      }
      t.a += rows * t.a_row_stride;
      t.c += rows * t.c_row_stride;
      if (t.ahead) t.ahead += t.segments * t.k * t.ahead_step;
      at = end;
    }
    return;
  }
  if (level == 2) {
    for (size_t j = 0; j < t.columns; j += 16) {
      tile_arguments half = t;
      half.b += j;
      half.c += j;
      half.columns = t.columns - j < 16 ? t.columns - j : 16;
      for (size_t i = 0; i < m; i += 6) {
        rows256(&half, m - i < 6 ? m - i : 6);
        half.a += 6 * t.a_row_stride;
        half.c += 6 * t.c_row_stride;
      }
    }
    return;
  }
#endif
  tile_portable(&t, m);
}

// ---------------------------------------------------------------- products

// Rows of A that are run past one panel before the next: they stay in the second-level cache.
enum { ROW_BLOCK = 112, K_BLOCK = 1024 };

void ck_multiply(const ck_product *p) {
  int level = ck_level();
  if (p->m == 0 || p->n == 0) return;
  size_t piece = p->segments > 1 ? p->k : K_BLOCK;
  size_t per_block = p->segments > 1 ? (K_BLOCK / p->k > 0 ? K_BLOCK / p->k : 1) : 1;
  size_t pieces = p->segments > 1 ? p->segments : (p->k + piece - 1) / piece;
  if (pieces == 0) pieces = 1;
  for (size_t i = 0; i < p->m; i += ROW_BLOCK) {
    size_t rows = p->m - i < ROW_BLOCK ? p->m - i : ROW_BLOCK;
    for (size_t s = 0; s < pieces; s += per_block) {
      for (size_t j = 0, q = 0; j < p->n; j += CK_PANEL, q++) {
        tile_arguments t = {
          .a_row_stride = p->a_row_stride, .a_k_stride = 1, .a_segment_stride = p->a_segment_stride, .b_row_stride = p->b_row_stride,
          .c = p->c + i * p->c_row_stride + j, .c_row_stride = p->c_row_stride,
          .columns = p->n - j < CK_PANEL ? p->n - j : CK_PANEL, .accumulate = p->accumulate || s > 0};
        if (p->segments > 1) {
          t.a = p->a + s * p->a_segment_stride + i * p->a_row_stride;
          t.segments = pieces - s < per_block ? pieces - s : per_block;
          t.k = p->k;
        } else {
          t.a = p->a + s * piece + i * p->a_row_stride;
          t.segments = 1;
          t.k = p->k - s * piece < piece ? p->k - s * piece : piece;
        }
        t.b = p->b + q * p->b_panel_stride + s * piece * p->b_row_stride;
        // A packed panel lies in one piece.
        if (p->b_row_stride == CK_PANEL && j + CK_PANEL < p->n)
          t.ahead = (const char *)(t.b + p->b_panel_stride);
        else if (p->b_row_stride == CK_PANEL && s + per_block < pieces)
          t.ahead = (const char *)(p->b + (s + per_block) * piece * CK_PANEL);
        panel(t, rows, level);
      }
    }
  }
}

// Terms of one block of a transposed product: its part of A, 112 columns, stays in the second-level cache.
enum { TRANSPOSED_BLOCK = 256 };

void ck_multiply_transposed(const float *a, size_t a_row_stride, const float *b, size_t b_row_stride, float *c,
                            size_t c_row_stride, size_t m, size_t k, size_t n, int accumulate) {
  int level = ck_level();
  for (size_t i = 0; i < m; i += ROW_BLOCK) {
    size_t rows = m - i < ROW_BLOCK ? m - i : ROW_BLOCK;
    for (size_t x = 0; x == 0 || x < k; x += TRANSPOSED_BLOCK)
      for (size_t j = 0; j < n; j += CK_PANEL) {
        tile_arguments t = {
          .a = a + x * a_row_stride + i, .a_row_stride = 1, .a_k_stride = a_row_stride, .segments = 1,
          .k = k - x < TRANSPOSED_BLOCK ? k - x : TRANSPOSED_BLOCK, .b = b + x * b_row_stride + j,
          .b_row_stride = b_row_stride, .c = c + i * c_row_stride + j, .c_row_stride = c_row_stride,
          .columns = n - j < CK_PANEL ? n - j : CK_PANEL, .accumulate = accumulate || x > 0};
        panel(t, rows, level);
      }
  }
}

size_t ck_linear_scratch_count(size_t k) { return k * CK_PANEL; }

void ck_linear(const float *a, size_t m, size_t k, size_t a_row_stride, const void *w, ck_type type,
               size_t w_column_stride, size_t w_k_stride, size_t first, size_t count, const float *bias,
               float *c, size_t c_row_stride, float *scratch) {
  int level = ck_level();
  size_t size = type == CK_F32 ? 4 : 2;
  for (size_t j = first; j < first + count; j += CK_PANEL) {
    size_t columns = first + count - j < CK_PANEL ? first + count - j : CK_PANEL;
    ck_pack((const char *)w + j * w_column_stride * size, type, columns, k, w_column_stride, w_k_stride, scratch);
    if (bias)
      for (size_t i = 0; i < m; i++) memcpy(c + i * c_row_stride + j, bias + j, columns * 4);
    tile_arguments t = {.a = a, .a_row_stride = a_row_stride, .a_k_stride = 1, .segments = 1, .k = k, .b = scratch,
                        .b_row_stride = CK_PANEL, .c = c + j, .c_row_stride = c_row_stride,
                        .columns = columns, .accumulate = bias != NULL};
    panel(t, m, level);
  }
}

// ---------------------------------------------------------------- vectors

float ck_dot(const float *x, const float *y, size_t count) {
  float sum[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int j = 0; j < 16; j++) sum[j] += x[i + j] * y[i + j];
  for (int j = 0; i < count; i++, j++) sum[j] += x[i] * y[i];
  for (int width = 8; width > 0; width /= 2)
    for (int j = 0; j < width; j++) sum[j] += sum[j + width];
  return sum[0];
}

void ck_add_scaled(const float *x, float scale, float *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += scale * x[i];
}

#if defined(__x86_64__)
T512 static float peak512(size_t rounds) {
  __m512 sum[28], scale = _mm512_set1_ps(0.999f), add = _mm512_set1_ps(1e-3f);
  for (int i = 0; i < 28; i++) sum[i] = _mm512_set1_ps((float)i);
  for (size_t r = 0; r < rounds; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < 28; i++) sum[i] = _mm512_fmadd_ps(sum[i], scale, add);
  for (int i = 1; i < 28; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return _mm512_reduce_add_ps(sum[0]);
}
T256 static float peak256(size_t rounds) {
  __m256 sum[12], scale = _mm256_set1_ps(0.999f), add = _mm256_set1_ps(1e-3f);
  for (int i = 0; i < 12; i++) sum[i] = _mm256_set1_ps((float)i);
  for (size_t r = 0; r < rounds; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) sum[i] = _mm256_fmadd_ps(sum[i], scale, add);
  for (int i = 1; i < 12; i++) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  float out[8], total = 0;
  _mm256_storeu_ps(out, sum[0]);
  for (int i = 0; i < 8; i++) total += out[i];
  return total;
}
#endif

double ck_peak_operations(size_t rounds) {
  int level = ck_level();
  return (double)rounds * (level == 3 ? 2.0 * 16 * 28 : level == 2 ? 2.0 * 8 * 12 : 2.0 * 16);
}

float ck_peak(size_t rounds) {
#if defined(__x86_64__)
  if (ck_level() == 3) return peak512(rounds);
  if (ck_level() == 2) return peak256(rounds);
#endif
  float sum[16] = {0};
  for (size_t r = 0; r < rounds; r++)
    for (int i = 0; i < 16; i++) sum[i] = sum[i] * 0.999f + 1e-3f;
  float total = 0;
  for (int i = 0; i < 16; i++) total += sum[i];
  return total;
}
