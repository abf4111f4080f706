// Matrix products on packed weights, chosen at run time for the CPU.
//
// Every output element is one chain of fused multiply-adds over k ascending, whatever the CPU, the blocking and
// the number of threads: the same input gives the same bits everywhere.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// Columns of a packed panel.
enum { CK_PANEL = 32 };

// How a stored element is encoded.
typedef enum { CK_F32 = 0, CK_F16 = 1, CK_BF16 = 2 } ck_type;

// Which path runs: 3 = AVX-512, 2 = AVX2 with FMA, 0 = portable.
int ck_level(void);
// Makes the path at most `level` (tests compare paths); returns the path that runs from then on.
int ck_limit_level(int level);

// Floats that hold n columns of length k as panels [ceil(n/32)][k][32].
size_t ck_packed_count(size_t n, size_t k);

// Packs B[j, i] = w[j * column_stride + i * k_stride], j < n, i < k, into panels of float32; missing columns of
// the last panel are zero. Strides count elements.
void ck_pack(const void *w, ck_type type, size_t n, size_t k, size_t column_stride, size_t k_stride, float *panels);

// One product C[i, j] (+)= sum over s < segments, x < k of A[s][i, x] * B[s * k + x, j].
typedef struct {
  size_t m, n, k;
  size_t segments;                // A comes in this many pieces of k columns each (1: an ordinary matrix)
  const float *a;                 // row i of piece s: a + s * a_segment_stride + i * a_row_stride
  size_t a_row_stride, a_segment_stride;
  const float *b;                 // panel p, row x: b + p * b_panel_stride + x * b_row_stride
  size_t b_panel_stride, b_row_stride;
  float *c;                       // row i: c + i * c_row_stride
  size_t c_row_stride;
  int accumulate;                 // 0: C is overwritten, else added to
} ck_product;

// B in packed panels: b_panel_stride = segments * k * 32, b_row_stride = 32.
// B row-major [k, n]: b_panel_stride = 32, b_row_stride = its row stride (segments is 1).
void ck_multiply(const ck_product *p);

// C[i, j] = (bias[j]) + sum over x of A[i, x] * W[j, x], with W [n, k] row-major in its own type, converted tile by
// tile; `bias` may be NULL. Columns first..<first+count are made, so that callers can share them out.
// `scratch` holds ck_linear_scratch_count(k) floats.
size_t ck_linear_scratch_count(size_t k);
void ck_linear(const float *a, size_t m, size_t k, size_t a_row_stride, const void *w, ck_type type,
               size_t w_column_stride, size_t w_k_stride, size_t first, size_t count, const float *bias,
               float *c, size_t c_row_stride, float *scratch);

// Converts `count` elements to float32.
void ck_convert(const void *source, ck_type type, size_t count, float *destination);

// Sum of x[i] * y[i] in 16 partial sums added as a fixed tree.
float ck_dot(const float *x, const float *y, size_t count);
// Measures nothing: runs `rounds` dependent rounds of fused multiply-adds and returns a value that depends on them;
// 2 * 16 * 28 * rounds floating-point operations on the AVX-512 path (see ck_peak_operations).
float ck_peak(size_t rounds);
double ck_peak_operations(size_t rounds);

// Gives memory that was freed back to the system, where the library can.
void ck_give_back(void);

// Starts threads that are all there at once, and ends them; returns 0, or the number of the error that keeps one of them from
// being started.
int ck_try_threads(int count);

#include "CKMapping.h"
#include "CKSparse.h"
#include "CKTraining.h"

#endif
