// The sizes of Baidu's DeepBench for training (github.com/baidu-research/DeepBench, code/kernels/gemm_problems.h and
// conv_problems.h, Apache-2.0), each once.
#include "apps/bench/cases/make_cases.h"
#include "apps/bench/cases/suites.h"

namespace ebb::bench {
namespace {

using Numbers = std::vector<std::int64_t>;

/// Products (m, k) x (k, n) for each n, in each of the layouts.
struct Products {
  std::int64_t m, k;
  Numbers n;
  std::vector<const char*> layouts = {"nn", "tn"};
};

std::vector<Products> products() {
  std::vector<Products> all;
  for (const std::int64_t k : {1760, 2048, 2560, 4096}) {
    all.push_back({k, k, {16, 32, 64, 128, 7000}});
    all.push_back({k, k, {7133}, {"nt"}});
    all.push_back({5124, k, {9124}});
    all.push_back({35, k, {8457}});
  }
  for (const std::int64_t k : {1024, 2560}) all.push_back({3 * k, k, {16, 32, 64, 128}});
  all.push_back({3072, 1024, {7435}, {"nt"}});
  all.push_back({7680, 2560, {5481}, {"nt"}});
  for (const std::int64_t k : {2560, 2048, 1536, 2816, 1024}) all.push_back({3 * k, k, {24000, 48000}});
  for (const std::int64_t k : {2048, 1536, 2816}) all.push_back({3 * k, k, {16, 32}});
  for (const std::int64_t m : {512, 1024}) {
    all.push_back({m, 500000, {8, 16}});
    for (const std::int64_t k : {2816, 2048, 2560, 1536}) all.push_back({m, k, {24000, 48000}});
    all.push_back({m, 512, {16, 32}, {"nn", "nt"}});
  }
  all.push_back({1024, 512, {700}});
  return all;
}

/// In DeepBench's order, but for the batches: width and height, channels, filters, width and height of these; padding
/// and stride are those of both dimensions.
struct Convolutions {
  std::int64_t w, h, c, k, s, r, padding, stride;
  Numbers batches = {8, 16};
};

std::vector<Convolutions> speech() {
  return {{700, 161, 1, 32, 20, 5, 0, 2, {4, 8, 16, 32}},
          {341, 79, 32, 32, 10, 5, 0, 2, {4, 8, 16, 32}},
          {480, 48, 1, 16, 3, 3, 1, 1, {16}},
          {240, 24, 16, 32, 3, 3, 1, 1, {16}},
          {120, 12, 32, 64, 3, 3, 1, 1, {16}},
          {60, 6, 64, 128, 3, 3, 1, 1, {16}},
          {700, 161, 1, 64, 5, 5, 1, 2, {16}},
          {350, 80, 64, 64, 3, 3, 1, 1, {16}},
          {350, 80, 64, 128, 5, 5, 1, 2, {16}},
          {175, 40, 128, 128, 3, 3, 1, 1, {16}},
          {175, 40, 128, 256, 5, 5, 1, 2, {16}},
          {84, 20, 256, 256, 3, 3, 1, 1, {16}},
          {84, 20, 256, 512, 5, 5, 1, 2, {16}},
          {42, 10, 512, 512, 3, 3, 1, 1, {16}}};
}

std::vector<Convolutions> vision() {
  return {
      {108, 108, 3, 64, 3, 3, 1, 2, {8}},   {54, 54, 64, 64, 3, 3, 1, 1, {8}},   {27, 27, 128, 128, 3, 3, 1, 1, {8}},
      {14, 14, 128, 256, 3, 3, 1, 1, {8}},  {7, 7, 256, 512, 3, 3, 1, 1, {8}},   {224, 224, 3, 64, 3, 3, 1, 1},
      {112, 112, 64, 128, 3, 3, 1, 1},      {56, 56, 128, 256, 3, 3, 1, 1},      {28, 28, 256, 512, 3, 3, 1, 1},
      {14, 14, 512, 512, 3, 3, 1, 1},       {7, 7, 512, 512, 3, 3, 1, 1},        {224, 224, 3, 64, 7, 7, 3, 2, {16}},
      {28, 28, 192, 32, 5, 5, 2, 1, {16}},  {28, 28, 192, 64, 1, 1, 0, 1, {16}}, {14, 14, 512, 48, 5, 5, 2, 1, {16}},
      {14, 14, 512, 192, 1, 1, 0, 1, {16}}, {7, 7, 832, 256, 1, 1, 0, 1, {16}},  {7, 7, 832, 128, 5, 5, 2, 1, {16}},
      {56, 56, 64, 64, 3, 3, 1, 1},         {28, 28, 128, 128, 3, 3, 1, 1},      {14, 14, 256, 256, 3, 3, 1, 1},
      {56, 56, 64, 256, 1, 1, 0, 2},        {28, 28, 128, 512, 1, 1, 0, 2},      {14, 14, 256, 256, 1, 1, 0, 1},
      {14, 14, 256, 1024, 1, 1, 0, 2},      {7, 7, 512, 512, 1, 1, 0, 1},        {7, 7, 2048, 512, 1, 1, 3, 2},
      {112, 112, 64, 64, 1, 1, 0, 1},       {56, 56, 64, 256, 1, 1, 0, 1},       {56, 56, 256, 64, 1, 1, 0, 1},
      {56, 56, 256, 128, 1, 1, 0, 2},       {28, 28, 128, 512, 1, 1, 0, 1},      {28, 28, 512, 128, 1, 1, 0, 1},
      {28, 28, 512, 256, 1, 1, 0, 2},       {14, 14, 256, 1024, 1, 1, 0, 1},     {28, 28, 512, 1024, 1, 1, 0, 2},
      {14, 14, 1024, 256, 1, 1, 0, 1},      {14, 14, 1024, 512, 1, 1, 0, 2},     {7, 7, 512, 2048, 1, 1, 0, 1},
      {14, 14, 1024, 2048, 1, 1, 0, 2},     {7, 7, 2048, 512, 1, 1, 0, 1}};
}

}  // namespace

std::vector<Case> deepbench_cases() {
  std::vector<Case> cases;
  for (const auto& part : {speech(), vision()}) {
    for (const Convolutions& c : part) {
      for (const std::int64_t n : c.batches) {
        cases.push_back(
            conv_case({n, c.c, c.h, c.w}, {c.k, c.c, c.r, c.s}, {.stride = c.stride, .padding = c.padding}));
      }
    }
  }
  for (const Products& p : products()) {
    for (const std::int64_t n : p.n) {
      for (const char* layout : p.layouts) cases.push_back(bmm_case(1, p.m, n, p.k, layout));
    }
  }
  return cases;
}

}  // namespace ebb::bench
