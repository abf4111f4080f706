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

INLINE void ck_convert_body(const void *source, ck_type type, size_t count, float *destination) {
  if (type == CK_F32) {
    memcpy(destination, source, count * 4);
  } else if (type == CK_BF16) {
    for (size_t i = 0; i < count; i++) destination[i] = element(source, CK_BF16, i);
  } else {
    for (size_t i = 0; i < count; i++) destination[i] = element(source, CK_F16, i);
  }
}
PATHS(ck_convert, (const void *source, ck_type type, size_t count, float *destination), (source, type, count, destination))

// ---------------------------------------------------------------- packing

size_t ck_packed_count(size_t n, size_t k) { return (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL * k; }

typedef float eight __attribute__((vector_size(32)));
typedef float unaligned_eight __attribute__((vector_size(32), aligned(4), may_alias));

// to[i * to_stride + j] = from[j * from_stride + i] for 8 x 8 numbers.
INLINE void transpose_eight(const float *from, size_t from_stride, float *to, size_t to_stride) {
  eight row[8], pair[8];
  for (int j = 0; j < 8; j++) row[j] = *(const unaligned_eight *)(from + (size_t)j * from_stride);
  for (int j = 0; j < 8; j += 2) {  // numbers of two columns side by side
    pair[j] = __builtin_shufflevector(row[j], row[j + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pair[j + 1] = __builtin_shufflevector(row[j], row[j + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int j = 0; j < 8; j += 4)  // of four
    for (int i = 0; i < 2; i++) {
      row[j + 2 * i] = __builtin_shufflevector(pair[j + i], pair[j + i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      row[j + 2 * i + 1] = __builtin_shufflevector(pair[j + i], pair[j + i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; i++) {  // of all eight
    *(unaligned_eight *)(to + (size_t)i * to_stride) =
      __builtin_shufflevector(row[i], row[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *(unaligned_eight *)(to + (size_t)(i + 4) * to_stride) =
      __builtin_shufflevector(row[i], row[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// Up to 32 columns of consecutive k, transposed through a small tile that stays in cache.
INLINE void pack_columns(const char *w, ck_type type, size_t n, size_t k, size_t column_stride, float *panel) {
  size_t size = type == CK_F32 ? 4 : 2;
  enum { LENGTH = 128, STRIDE = LENGTH + LANES };  // not a power of two, so that columns do not share cache sets
  float tile[CK_PANEL][STRIDE];
  for (size_t j = n; j < CK_PANEL; j++) memset(tile[j], 0, sizeof tile[j]);
  for (size_t k0 = 0; k0 < k; k0 += LENGTH) {
    size_t kc = k - k0 < LENGTH ? k - k0 : LENGTH;
    for (size_t j = 0; j < n; j++) {
      const char *from = w + (j * column_stride + k0) * size;
      for (size_t i = 0; i < LENGTH * size; i += 64) __builtin_prefetch(from + LENGTH * size + i);
      ck_convert_body(from, type, kc, tile[j]);
    }
    float *to = panel + k0 * CK_PANEL;
    size_t i = 0;
    for (; i + 8 <= kc; i += 8)
      for (size_t j = 0; j < CK_PANEL; j += 8) transpose_eight(tile[j] + i, STRIDE, to + i * CK_PANEL + j, CK_PANEL);
    for (; i < kc; i++)
      for (size_t j = 0; j < CK_PANEL; j++) to[i * CK_PANEL + j] = tile[j][i];
  }
}

INLINE void ck_pack_body(const void *w, ck_type type, size_t n, size_t k, size_t column_stride, size_t k_stride,
                         float *panels) {
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
        ck_convert_body(from + i * k_stride * size, type, columns, row);
      else
        for (size_t j = 0; j < columns; j++) row[j] = element(from, type, j * column_stride + i * k_stride);
      for (size_t j = columns; j < CK_PANEL; j++) row[j] = 0;
    }
  }
}
PATHS(ck_pack,
      (const void *w, ck_type type, size_t n, size_t k, size_t column_stride, size_t k_stride, float *panels),
      (w, type, n, k, column_stride, k_stride, panels))

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

// Six rows by 16 columns take 12 of the 16 registers. `whole` tiles have all their columns: masked loads and stores cost
// half of the speed.
INLINE T256 void tile256(const tile_arguments *t, const int rows, const int transposed, const int whole) {
  __m256 sum[6][2];
  __m256i mask[2] = {lanes256(t->columns, 0), lanes256(t->columns, 1)};
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
      const float *c = t->c + (size_t)r * t->c_row_stride + v * 8;
      sum[r][v] = !t->accumulate ? _mm256_setzero_ps() : whole ? _mm256_loadu_ps(c) : _mm256_maskload_ps(c, mask[v]);
    }
  const float *b = t->b;
  size_t row_stride = transposed ? 1 : t->a_row_stride, k_stride = transposed ? t->a_k_stride : 1;
  size_t b_stride = t->b_row_stride, k = t->k, ahead_step = t->ahead ? t->ahead_step : 0;
  const char *ahead = t->ahead ? t->ahead : (const char *)b;
  for (size_t s = 0; s < t->segments; s++) {
    // Each row is at most two strides from one of two pointers, so that no address has to be worked out.
    const float *upper = t->a + s * t->a_segment_stride, *lower = upper + 3 * row_stride;
    // Unrolled, the compiler loads what does not fit into the registers.
#pragma clang loop unroll(disable)
    for (size_t x = 0; x < k; x++) {
      __m256 column[2];
#pragma clang loop unroll(full)
      for (int v = 0; v < 2; v++)
        column[v] = whole ? _mm256_loadu_ps(b + v * 8) : _mm256_maskload_ps(b + v * 8, mask[v]);
      _mm_prefetch((const char *)(b + 8 * b_stride), _MM_HINT_T0);
      _mm_prefetch(ahead, _MM_HINT_T1);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        __m256 value = _mm256_broadcast_ss((r < 3 ? upper : lower) + (size_t)(r % 3) * row_stride);
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) sum[r][v] = _mm256_fmadd_ps(value, column[v], sum[r][v]);
      }
      upper += k_stride;
      lower += k_stride;
      b += b_stride;
      ahead += ahead_step;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) {
      float *c = t->c + (size_t)r * t->c_row_stride + v * 8;
      if (whole) _mm256_storeu_ps(c, sum[r][v]); else _mm256_maskstore_ps(c, mask[v], sum[r][v]);
    }
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

#define CASE256(R) case R: tile256(t, R, transposed, whole); break;
INLINE T256 void rows256(const tile_arguments *t, size_t rows, const int transposed, const int whole) {
  switch (rows) { CASE256(1) CASE256(2) CASE256(3) CASE256(4) CASE256(5) CASE256(6) }
}
T256 static void whole256(const tile_arguments *t, size_t rows) { rows256(t, rows, 0, 1); }
T256 static void part256(const tile_arguments *t, size_t rows) { rows256(t, rows, 0, 0); }
T256 static void whole_transposed256(const tile_arguments *t, size_t rows) { rows256(t, rows, 1, 1); }
T256 static void part_transposed256(const tile_arguments *t, size_t rows) { rows256(t, rows, 1, 0); }
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

typedef void tile_function(const tile_arguments *t, size_t rows);

#if defined(__x86_64__)
// All rows of up to 32 columns, at most `most` at a time. They are shared out evenly, so that no tile is left with one or
// two. Each tile fetches its part of the next panel, which then waits in the second-level cache; one alone, every other
// line.
INLINE void tiles(tile_arguments *t, size_t m, size_t most, tile_function *tile) {
  size_t count = (m + most - 1) / most, rows = m / count, larger = m % count;
  t->ahead_step = CK_PANEL * sizeof(float) / count;
  size_t fetched = t->ahead ? t->segments * t->k * t->ahead_step : 0;
  for (size_t i = 0; i < count; i++) {
    size_t n = rows + (i < larger);
    tile(t, n);
    t->a += n * t->a_row_stride;
    t->c += n * t->c_row_stride;
    t->ahead = fetched ? t->ahead + fetched : NULL;
  }
}
#endif

// All rows of one panel; changes `t`.
static void panel(tile_arguments *t, size_t m, int level) {
#if defined(__x86_64__)
  int transposed = t->a_k_stride != 1;
  if (level == 3) {
    if (t->columns > 16)
      tiles(t, m, 14, transposed ? wide_transposed512 : wide512);
    else
      tiles(t, m, 14, transposed ? narrow_transposed512 : narrow512);
    return;
  }
  if (level == 2) {
    const float *a = t->a;
    float *c = t->c;
    const char *ahead = t->ahead;
    // 16 columns at a time, each half fetching its half of the lines.
    for (size_t j = 0, columns = t->columns; j < columns; j += 16, t->b += 16) {
      t->a = a;
      t->c = c + j;
      t->ahead = ahead ? ahead + j * sizeof(float) : NULL;
      t->columns = columns - j < 16 ? columns - j : 16;
      if (t->columns == 16)
        tiles(t, m, 6, transposed ? whole_transposed256 : whole256);
      else
        tiles(t, m, 6, transposed ? part_transposed256 : part256);
    }
    return;
  }
#endif
  tile_portable(t, m);
}

// ---------------------------------------------------------------- products

// Rows of A that are run past one panel before the next: they stay in the second-level cache.
enum { ROW_BLOCK = 112 };

// Terms that a panel is long: with 16 columns at a time it then stays in the first-level cache, with 32 in the second.
// C is kept as float32 in between, so the blocks do not change a bit.
INLINE size_t terms(int level) { return level == 2 ? 512 : 1024; }

void ck_multiply(const ck_product *p) {
  int level = ck_level();
  if (p->m == 0 || p->n == 0) return;
  size_t block = terms(level), piece = p->segments > 1 ? p->k : block;
  size_t per_block = p->segments > 1 ? (block / p->k > 0 ? block / p->k : 1) : 1;
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
        panel(&t, rows, level);
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
        panel(&t, rows, level);
      }
  }
}

size_t ck_linear_scratch_count(size_t k) { return k * CK_PANEL; }

void ck_linear(const float *a, size_t m, size_t k, size_t a_row_stride, const void *w, ck_type type,
               size_t w_column_stride, size_t w_k_stride, size_t first, size_t count, const float *bias,
               float *c, size_t c_row_stride, float *scratch) {
  size_t size = type == CK_F32 ? 4 : 2;
  for (size_t j = first; j < first + count; j += CK_PANEL) {
    size_t columns = first + count - j < CK_PANEL ? first + count - j : CK_PANEL;
    ck_pack((const char *)w + j * w_column_stride * size, type, columns, k, w_column_stride, w_k_stride, scratch);
    if (bias)
      for (size_t i = 0; i < m; i++) memcpy(c + i * c_row_stride + j, bias + j, columns * 4);
    ck_product product = {.m = m, .n = columns, .k = k, .segments = 1, .a = a, .a_row_stride = a_row_stride,
                          .b = scratch, .b_panel_stride = k * CK_PANEL, .b_row_stride = CK_PANEL, .c = c + j,
                          .c_row_stride = c_row_stride, .accumulate = bias != NULL};
    ck_multiply(&product);
  }
}

// ---------------------------------------------------------------- vectors

INLINE void dot_body(const float *x, const float *y, size_t count, float *result) {
  float sum[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int j = 0; j < LANES; j++) sum[j] += x[i + j] * y[i + j];
  for (int j = 0; i < count; i++, j++) sum[j] += x[i] * y[i];
  *result = tree(sum);
}
PATHS(dot, (const float *x, const float *y, size_t count, float *result), (x, y, count, result))

float ck_dot(const float *x, const float *y, size_t count) {
  float result;
  dot(x, y, count, &result);
  return result;
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
