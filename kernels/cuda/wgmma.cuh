#pragma once

#include <cstdint>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/cuda/invoke.cuh"

// The matrix instructions of Hopper's tensor cores, for files that are compiled for compute_90a. The block emulator of
// the tests has its own file of this name.

namespace ebb::kernels {

/// How a factor lies in shared memory for wgmma_tf32: 4 of k follow each other, then the columns.
template <int k>
struct alignas(128) WgmmaColumns {
  static constexpr int columns = 128;
  float element[k / 4][columns][4];
};

/// Before the first of some products: the accumulators, and shared memory that was written by this thread and a barrier
/// ago by others, are seen by tensor cores.
__device__ __forceinline__ void begin_wgmma() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void end_wgmma() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Until all that was begun and ended is done, but for the newest `pending` groups.
template <int pending = 0>
__device__ __forceinline__ void wait_for_wgmma() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
/// After wait_for_wgmma(), for accumulators that are read then: the compiler must not read them before.
template <int n>
__device__ __forceinline__ void settle(float (&c)[n]) {
#pragma unroll
  for (float& sum : c) asm volatile("" : "+f"(sum)::"memory");
}
template <int m, int n>
__device__ __forceinline__ void settle(float (&c)[m][n]) {
#pragma unroll
  for (auto& some : c) settle(some);
}
/// What the thread has written to shared memory is for tensor cores, after the next barrier.
__device__ __forceinline__ void publish_to_wgmma() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// c = a b or, where it `adds`, c += a b by four warps, on Hopper only (compute_90a): a is (64, 8), b columns k to k +
/// 8 of a factor, of floats whose 13 lowest bits do not count. A lane has of a what mma_tf32 says, of its warp's 16
/// rows; c[4 j + i] is mma_tf32's c[i] of the 8 columns j. Until wait_for_wgmma() nothing of it may be touched.
template <int depth>
__device__ __forceinline__ void wgmma_tf32(float (&c)[64], const float (&a)[4], const WgmmaColumns<depth>& b, int k,
                                           bool adds) {
  // PTX ISA, "Matrix descriptor", without swizzle: from 4 of k to the next 4, and from 8 columns to the next 8.
  constexpr std::uint64_t k_step = sizeof(b.element[0]) / 16, column_step = sizeof(b.element[0][0]) * 8 / 16;
  const auto at = static_cast<std::uint64_t>(__cvta_generic_to_shared(&b.element[k / 4][0][0]));
  const std::uint64_t descriptor = (at & 0x3ffff) >> 4 | k_step << 16 | column_step << 32;
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %69, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k8.f32.tf32.tf32 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, "
      "%13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, "
      "%35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, "
      "%57, %58, %59, %60, %61, %62, %63}, {%64, %65, %66, %67}, %68, p, 1, 1;\n}"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]), "+f"(c[4]), "+f"(c[5]), "+f"(c[6]), "+f"(c[7]), "+f"(c[8]),
        "+f"(c[9]), "+f"(c[10]), "+f"(c[11]), "+f"(c[12]), "+f"(c[13]), "+f"(c[14]), "+f"(c[15]), "+f"(c[16]),
        "+f"(c[17]), "+f"(c[18]), "+f"(c[19]), "+f"(c[20]), "+f"(c[21]), "+f"(c[22]), "+f"(c[23]), "+f"(c[24]),
        "+f"(c[25]), "+f"(c[26]), "+f"(c[27]), "+f"(c[28]), "+f"(c[29]), "+f"(c[30]), "+f"(c[31]), "+f"(c[32]),
        "+f"(c[33]), "+f"(c[34]), "+f"(c[35]), "+f"(c[36]), "+f"(c[37]), "+f"(c[38]), "+f"(c[39]), "+f"(c[40]),
        "+f"(c[41]), "+f"(c[42]), "+f"(c[43]), "+f"(c[44]), "+f"(c[45]), "+f"(c[46]), "+f"(c[47]), "+f"(c[48]),
        "+f"(c[49]), "+f"(c[50]), "+f"(c[51]), "+f"(c[52]), "+f"(c[53]), "+f"(c[54]), "+f"(c[55]), "+f"(c[56]),
        "+f"(c[57]), "+f"(c[58]), "+f"(c[59]), "+f"(c[60]), "+f"(c[61]), "+f"(c[62]), "+f"(c[63])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])),
        "l"(descriptor), "r"(static_cast<int>(adds)));
}

/// Memory, and room to have it begin at what swizzled places repeat after.
template <class Memory>
struct WithPlaceToAlign {
  unsigned char bytes[sizeof(Memory) + 1024];
};

/// The dynamic shared memory of a launch that has asked for sizeof(WithPlaceToAlign<Memory>).
template <class Memory>
__device__ __forceinline__ Memory& shared_for_wgmma() {
  unsigned char* bytes = dynamic_shared<WithPlaceToAlign<Memory>>().bytes;
  return *reinterpret_cast<Memory*>(bytes + (1024 - reinterpret_cast<std::uintptr_t>(bytes) % 1024) % 1024);
}

/// Where a factor of wgmma_half lies in shared memory: in lines of 128 bytes, 8 of which follow each other at a
/// multiple of 1024 bytes, and in which packet i of line l stands at place i ^ l % 8. Lines are of k, one for each of
/// `outer`, or of `outer`, one for each of k.
struct WgmmaFactor {
  const void* first;
  unsigned eight_lines;  // bytes to the next 8 lines
  unsigned line;         // bytes to the next line for 64 of outer more, where lines are of outer
};

namespace wgmma_detail {

// PTX's names of the types, which its instructions are spelled with.
template <class T>
inline constexpr const char name[] = {'b', 'f', '1', '6', '\0'};
template <>
inline constexpr const char name<Half>[] = {'f', '1', '6', '\0'};

/// PTX ISA, "Matrix descriptor", swizzled by 128 bytes.
__device__ __forceinline__ std::uint64_t descriptor(const WgmmaFactor& x) {
  const auto at = static_cast<std::uint64_t>(__cvta_generic_to_shared(x.first));
  return (at & 0x3ffff) >> 4 | std::uint64_t{x.line >> 4} << 16 | std::uint64_t{x.eight_lines >> 4} << 32 |
         std::uint64_t{1} << 62;
}

}  // namespace wgmma_detail

/// c += a b by four warps: a is (64, 16), b (16, 128) or (16, 256), of T of half precision; c[j] is mma_tf32's c of the
/// 8 columns j, for each warp's 16 rows. Until wait_for_wgmma() nothing of it may be touched.
template <class T, bool a_by_k, bool b_by_k>
__device__ __forceinline__ void wgmma_half(float (&c)[16][4], const WgmmaFactor& a, const WgmmaFactor& b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.%68.%68 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, "
      "%13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, "
      "%35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, "
      "%57, %58, %59, %60, %61, %62, %63}, %64, %65, 1, 1, 1, %66, %67;"
      : "+f"(c[0][0]), "+f"(c[0][1]), "+f"(c[0][2]), "+f"(c[0][3]), "+f"(c[1][0]), "+f"(c[1][1]), "+f"(c[1][2]),
        "+f"(c[1][3]), "+f"(c[2][0]), "+f"(c[2][1]), "+f"(c[2][2]), "+f"(c[2][3]), "+f"(c[3][0]), "+f"(c[3][1]),
        "+f"(c[3][2]), "+f"(c[3][3]), "+f"(c[4][0]), "+f"(c[4][1]), "+f"(c[4][2]), "+f"(c[4][3]), "+f"(c[5][0]),
        "+f"(c[5][1]), "+f"(c[5][2]), "+f"(c[5][3]), "+f"(c[6][0]), "+f"(c[6][1]), "+f"(c[6][2]), "+f"(c[6][3]),
        "+f"(c[7][0]), "+f"(c[7][1]), "+f"(c[7][2]), "+f"(c[7][3]), "+f"(c[8][0]), "+f"(c[8][1]), "+f"(c[8][2]),
        "+f"(c[8][3]), "+f"(c[9][0]), "+f"(c[9][1]), "+f"(c[9][2]), "+f"(c[9][3]), "+f"(c[10][0]), "+f"(c[10][1]),
        "+f"(c[10][2]), "+f"(c[10][3]), "+f"(c[11][0]), "+f"(c[11][1]), "+f"(c[11][2]), "+f"(c[11][3]), "+f"(c[12][0]),
        "+f"(c[12][1]), "+f"(c[12][2]), "+f"(c[12][3]), "+f"(c[13][0]), "+f"(c[13][1]), "+f"(c[13][2]), "+f"(c[13][3]),
        "+f"(c[14][0]), "+f"(c[14][1]), "+f"(c[14][2]), "+f"(c[14][3]), "+f"(c[15][0]), "+f"(c[15][1]), "+f"(c[15][2]),
        "+f"(c[15][3])
      : "l"(wgmma_detail::descriptor(a)), "l"(wgmma_detail::descriptor(b)), "n"(a_by_k ? 0 : 1), "n"(b_by_k ? 0 : 1),
        "C"(wgmma_detail::name<T>));
}
template <class T, bool a_by_k, bool b_by_k>
__device__ __forceinline__ void wgmma_half(float (&c)[32][4], const WgmmaFactor& a, const WgmmaFactor& b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.%132.%132 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, "
      "%13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, "
      "%35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, "
      "%57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, "
      "%79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100,"
      " %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, "
      "%119, %120, %121, %122, %123, %124, %125, %126, %127}, %128, %129, 1, 1, 1, %130, %131;"
      : "+f"(c[0][0]), "+f"(c[0][1]), "+f"(c[0][2]), "+f"(c[0][3]), "+f"(c[1][0]), "+f"(c[1][1]), "+f"(c[1][2]),
        "+f"(c[1][3]), "+f"(c[2][0]), "+f"(c[2][1]), "+f"(c[2][2]), "+f"(c[2][3]), "+f"(c[3][0]), "+f"(c[3][1]),
        "+f"(c[3][2]), "+f"(c[3][3]), "+f"(c[4][0]), "+f"(c[4][1]), "+f"(c[4][2]), "+f"(c[4][3]), "+f"(c[5][0]),
        "+f"(c[5][1]), "+f"(c[5][2]), "+f"(c[5][3]), "+f"(c[6][0]), "+f"(c[6][1]), "+f"(c[6][2]), "+f"(c[6][3]),
        "+f"(c[7][0]), "+f"(c[7][1]), "+f"(c[7][2]), "+f"(c[7][3]), "+f"(c[8][0]), "+f"(c[8][1]), "+f"(c[8][2]),
        "+f"(c[8][3]), "+f"(c[9][0]), "+f"(c[9][1]), "+f"(c[9][2]), "+f"(c[9][3]), "+f"(c[10][0]), "+f"(c[10][1]),
        "+f"(c[10][2]), "+f"(c[10][3]), "+f"(c[11][0]), "+f"(c[11][1]), "+f"(c[11][2]), "+f"(c[11][3]), "+f"(c[12][0]),
        "+f"(c[12][1]), "+f"(c[12][2]), "+f"(c[12][3]), "+f"(c[13][0]), "+f"(c[13][1]), "+f"(c[13][2]), "+f"(c[13][3]),
        "+f"(c[14][0]), "+f"(c[14][1]), "+f"(c[14][2]), "+f"(c[14][3]), "+f"(c[15][0]), "+f"(c[15][1]), "+f"(c[15][2]),
        "+f"(c[15][3]), "+f"(c[16][0]), "+f"(c[16][1]), "+f"(c[16][2]), "+f"(c[16][3]), "+f"(c[17][0]), "+f"(c[17][1]),
        "+f"(c[17][2]), "+f"(c[17][3]), "+f"(c[18][0]), "+f"(c[18][1]), "+f"(c[18][2]), "+f"(c[18][3]), "+f"(c[19][0]),
        "+f"(c[19][1]), "+f"(c[19][2]), "+f"(c[19][3]), "+f"(c[20][0]), "+f"(c[20][1]), "+f"(c[20][2]), "+f"(c[20][3]),
        "+f"(c[21][0]), "+f"(c[21][1]), "+f"(c[21][2]), "+f"(c[21][3]), "+f"(c[22][0]), "+f"(c[22][1]), "+f"(c[22][2]),
        "+f"(c[22][3]), "+f"(c[23][0]), "+f"(c[23][1]), "+f"(c[23][2]), "+f"(c[23][3]), "+f"(c[24][0]), "+f"(c[24][1]),
        "+f"(c[24][2]), "+f"(c[24][3]), "+f"(c[25][0]), "+f"(c[25][1]), "+f"(c[25][2]), "+f"(c[25][3]), "+f"(c[26][0]),
        "+f"(c[26][1]), "+f"(c[26][2]), "+f"(c[26][3]), "+f"(c[27][0]), "+f"(c[27][1]), "+f"(c[27][2]), "+f"(c[27][3]),
        "+f"(c[28][0]), "+f"(c[28][1]), "+f"(c[28][2]), "+f"(c[28][3]), "+f"(c[29][0]), "+f"(c[29][1]), "+f"(c[29][2]),
        "+f"(c[29][3]), "+f"(c[30][0]), "+f"(c[30][1]), "+f"(c[30][2]), "+f"(c[30][3]), "+f"(c[31][0]), "+f"(c[31][1]),
        "+f"(c[31][2]), "+f"(c[31][3])
      : "l"(wgmma_detail::descriptor(a)), "l"(wgmma_detail::descriptor(b)), "n"(a_by_k ? 0 : 1), "n"(b_by_k ? 0 : 1),
        "C"(wgmma_detail::name<T>));
}

}  // namespace ebb::kernels
