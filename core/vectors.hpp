// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Before a function with a loop that the compiler can vectorize: compiles it twice, for AVX2 and
/// for every processor; the program chooses at its start. FMA is not among the targets, so that
/// both forms round alike.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EVENRAY_WIDER_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define EVENRAY_WIDER_VECTORS
#endif
