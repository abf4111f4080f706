#ifndef PATHS_H
#define PATHS_H

// What the kernels of this room share: the paths they are compiled for, vectors, the exponential.

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define T512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define T256 __attribute__((target("avx2,fma")))
#endif
#define INLINE static inline __attribute__((always_inline))

// A function of one body, compiled for each path; every path does the same operations in the same order.
#if defined(__x86_64__)
#define PATHS(name, parameters, arguments)                        \
  T512 static void name##_512 parameters { name##_body arguments; } \
  T256 static void name##_256 parameters { name##_body arguments; } \
  static void name##_0 parameters { name##_body arguments; }        \
  void name parameters {                                          \
    int level = ck_level();                                       \
    if (level == 3) name##_512 arguments;                         \
    else if (level == 2) name##_256 arguments;                    \
    else name##_0 arguments;                                      \
  }
#else
#define PATHS(name, parameters, arguments) \
  void name parameters { name##_body arguments; }
#endif

enum { LANES = 16 };

// 16 numbers in a register, or in as many as the path needs.
typedef float vector __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));
typedef float unaligned_vector __attribute__((vector_size(64), aligned(4), may_alias));
#define LOAD(p) (*(const unaligned_vector *)(p))
#define STORE(p, v) (*(unaligned_vector *)(p) = (v))
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
// 16 times the same number.
#define ALL(x) \
  ({           \
    float x_ = (x); \
    (vector){x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_}; \
  })

// The sum of 16 numbers, which it changes.
INLINE float tree(float *sum) {
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int j = 0; j < width; j++) sum[j] += sum[j + width];
  return sum[0];
}

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2, the second by its series to the seventh power.
INLINE float exp_value(float x) {
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.3f ? 88.3f : x;
  float shifted = fmaf(x, 1.44269504f, 12582912.0f);  // 1.5 * 2^23: rounds to the nearest whole number
  float n = shifted - 12582912.0f;
  float r = fmaf(n, -0.693359375f, x);
  r = fmaf(n, 2.12194440e-4f, r);
  float p = 1.9841270e-4f;
  p = fmaf(p, r, 1.3888889e-3f);
  p = fmaf(p, r, 8.3333333e-3f);
  p = fmaf(p, r, 4.1666667e-2f);
  p = fmaf(p, r, 1.6666667e-1f);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  int32_t bits;
  memcpy(&bits, &shifted, 4);
  bits = (bits - 0x4B400000 + 127) << 23;
  float power;
  memcpy(&power, &bits, 4);
  return p * power;
}

// exp of 16 numbers; `y` may be `x`.
INLINE void exp_values(const float *x, float *y) {
  float values[LANES];
  for (int j = 0; j < LANES; j++) values[j] = exp_value(x[j]);
  memcpy(y, values, sizeof values);
}

#endif
