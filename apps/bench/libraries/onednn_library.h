#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// oneDNN's interface for C as its version 2 has it, which Debian 12 carries: what is called here, without its header.
namespace ebb::bench::onednn {

struct Engine;
struct Stream;
struct Memory;
struct Primitive;
struct PrimitiveDesc;

/// Which dimensions a tensor has, and how its elements lie: oneDNN's own content, of 696 bytes. It must not be copied
/// from a pointer of oneDNN's, where no more than those are.
struct MemoryDesc {
  alignas(8) std::array<std::byte, 1024> content{};
};

/// What is to be computed: of all operations a convolution has the most content, 5976 bytes.
struct OperationDesc {
  alignas(8) std::array<std::byte, 8192> content{};
};

using Dims = std::array<std::int64_t, 12>;

/// A tensor that a primitive reads or writes.
struct Argument {
  int index;
  Memory* memory;
};

namespace argument {
constexpr int src = 1, dst = 17, weights = 33, diff_src = 129, diff_dst = 145, diff_weights = 161;
constexpr int from = 1, to = 17;  // of a reorder
constexpr int mean = 49, variance = 50, scale = 51, shift = 52, workspace = 64, diff_scale = 255, diff_shift = 256;
}  // namespace argument

namespace query {
constexpr int implementation = 8, weights = 131, diff_weights = 132, workspace = 135;
}

constexpr int success = 0, unimplemented = 3;  // of the status that functions return
constexpr int cpu = 1, float32 = 3, any_layout = 1, in_order = 1;
constexpr int forward_training = 64, forward_inference = 96, all_gradients = 128;
constexpr int convolution_auto = 3, deconvolution_direct = 10;
constexpr int pooling_max = 511, pooling_average = 767, reduction_max = 196594, reduction_sum = 196596;

using DescribeForward = int(OperationDesc*, int kind, int algorithm, const MemoryDesc* src, const MemoryDesc* weights,
                            const MemoryDesc* bias, const MemoryDesc* dst, const std::int64_t* strides,
                            const std::int64_t* dilations, const std::int64_t* padding_before,
                            const std::int64_t* padding_after);
using DescribeBackwardData = int(OperationDesc*, int algorithm, const MemoryDesc* diff_src, const MemoryDesc* weights,
                                 const MemoryDesc* diff_dst, const std::int64_t* strides, const std::int64_t* dilations,
                                 const std::int64_t* padding_before, const std::int64_t* padding_after);
using DescribeBackwardWeights = int(OperationDesc*, int algorithm, const MemoryDesc* src,
                                    const MemoryDesc* diff_weights, const MemoryDesc* diff_bias,
                                    const MemoryDesc* diff_dst, const std::int64_t* strides,
                                    const std::int64_t* dilations, const std::int64_t* padding_before,
                                    const std::int64_t* padding_after);

struct ConvolutionFunctions {
  DescribeForward* forward;
  DescribeBackwardData* backward_data;
  DescribeBackwardWeights* backward_weights;
};

struct Functions {
  int (*create_engine)(Engine**, int kind, std::size_t index);
  int (*create_stream)(Stream**, Engine*, unsigned flags);
  int (*wait)(Stream*);
  int (*describe_strided)(MemoryDesc*, int dims, const std::int64_t* sizes, int type, const std::int64_t* strides);
  int (*describe_tagged)(MemoryDesc*, int dims, const std::int64_t* sizes, int type, int layout);
  std::size_t (*bytes_of)(const MemoryDesc*);
  int (*are_equal)(const MemoryDesc*, const MemoryDesc*);
  int (*create_memory)(Memory**, const MemoryDesc*, Engine*, void* data);
  int (*set_data)(Memory*, void* data);
  int (*destroy_memory)(Memory*);
  int (*create_desc)(PrimitiveDesc**, const OperationDesc*, const void* attributes, Engine*,
                     const PrimitiveDesc* forward);
  int (*create_reorder)(PrimitiveDesc**, const MemoryDesc* from, Engine*, const MemoryDesc* to, Engine*,
                        const void* attributes);
  int (*query)(const PrimitiveDesc*, int what, int index, void* result);
  const MemoryDesc* (*query_memory)(const PrimitiveDesc*, int what, int index);
  int (*destroy_desc)(PrimitiveDesc*);
  int (*create_primitive)(Primitive**, const PrimitiveDesc*);
  int (*execute)(const Primitive*, Stream*, int count, const Argument*);
  int (*destroy_primitive)(Primitive*);
  ConvolutionFunctions convolution, deconvolution;
  int (*pool_forward)(OperationDesc*, int kind, int algorithm, const MemoryDesc* src, const MemoryDesc* dst,
                      const std::int64_t* strides, const std::int64_t* kernel, const std::int64_t* dilations,
                      const std::int64_t* padding_before, const std::int64_t* padding_after);
  int (*pool_backward)(OperationDesc*, int algorithm, const MemoryDesc* diff_src, const MemoryDesc* diff_dst,
                       const std::int64_t* strides, const std::int64_t* kernel, const std::int64_t* dilations,
                       const std::int64_t* padding_before, const std::int64_t* padding_after);
  int (*softmax_forward)(OperationDesc*, int kind, const MemoryDesc* data, int dim);
  int (*softmax_backward)(OperationDesc*, const MemoryDesc* diff_data, const MemoryDesc* data, int dim);
  int (*batch_norm_forward)(OperationDesc*, int kind, const MemoryDesc* data, float epsilon, unsigned flags);
  int (*batch_norm_backward)(OperationDesc*, int kind, const MemoryDesc* diff_data, const MemoryDesc* data,
                             float epsilon, unsigned flags);
  int (*layer_norm_forward)(OperationDesc*, int kind, const MemoryDesc* data, const MemoryDesc* statistics,
                            float epsilon, unsigned flags);
  int (*layer_norm_backward)(OperationDesc*, int kind, const MemoryDesc* diff_data, const MemoryDesc* data,
                             const MemoryDesc* statistics, float epsilon, unsigned flags);
  int (*reduce)(OperationDesc*, int algorithm, const MemoryDesc* src, const MemoryDesc* dst, float p, float epsilon);
};

/// What a shared library has of that.
struct Library {
  void* handle = nullptr;    ///< of dlopen; null where there is no such library
  std::string version = {};  ///< "2.6.3"; empty where it does not say
  Functions functions{};
  std::string missing = {};  ///< why `functions` must not be called, and the likely fix; empty where they may
};

/// The first of these files that is there.
Library open_library(const std::vector<std::string>& files);

/// That which this machine has; opened by the first call.
const Library& installed_library();

}  // namespace ebb::bench::onednn
