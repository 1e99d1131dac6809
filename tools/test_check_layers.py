#!/usr/bin/env python3
"""Each rule of check_layers.py fires where it should, and only there."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import check_layers
import house

HEADER = "#pragma once\n"


def lines(count):
    return "\n" * count


def function(name, length):
    return f"void {name}() {{\n" + "  step();\n" * length + "}\n"


class CheckLayers(unittest.TestCase):
    def check(self, files):
        """What the script prints about a tree of `files`: name -> text."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            failed = check_layers.main(root)
        first, second, *found = output.getvalue().splitlines()
        self.assertEqual(failed, bool(found))
        self.statistics = [first, second]
        return found

    def assert_clean(self, files):
        self.assertEqual(self.check(files), [])

    def assert_finds(self, files, *expected):
        """One problem for each of `expected`, which each begins with its place and then has the words that follow."""
        found = self.check(files)
        self.assertEqual(len(found), len(expected), found)
        for problem, (place, words) in zip(found, expected):
            self.assertTrue(problem.startswith(place + ": "), problem)
            self.assertIn(words, problem)

    def functions(self, text):
        """(name, lines) of each function in `text`."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "core.cpp")
            path.write_text(text, encoding="utf-8")
            source = check_layers.Source(path, path.parent)
        return [(name, length) for _, name, length in check_layers.functions(source)]


class Includes(CheckLayers):
    def test_each_layer_may_include_those_below(self):
        self.assert_clean(
            {
                "core/tensor.h": HEADER + '#include <vector>\n#include "ebb/config.h"\n',
                "kernels/conv/conv.h": HEADER + '#include "ebb/core/tensor.h"\n',
                "autograd/ops.h": HEADER + '#include "ebb/kernels/conv/conv.h"\n#include "ebb/core/tensor.h"\n',
                "nn/layers/conv.h": HEADER + '#include "ebb/autograd/ops.h"\n#include "ebb/nn/module.h"\n',
                "io/pth/pth.cpp": '#include "ebb/core/tensor.h"\n#include "ebb/io/zip.h"\n',
                "apps/main.cpp": '#include <ebb/ebb.h>\n#include "ebb/io/pth.h"\n#include "train.h"\n',
                "tests/conv.cpp": '#include "ebb/kernels/cpu/eigen.h"\n#include <Eigen/Core>\n#include "close.h"\n',
            }
        )

    def test_no_layer_includes_one_above_or_beside(self):
        for file, header in [
            ("core/x.cpp", "ebb/kernels/conv/conv.h"),
            ("core/x.cpp", "ebb/io/zip.h"),
            ("kernels/x.cu", "ebb/autograd/node.h"),
            ("autograd/x.h", "ebb/nn/module.h"),
            ("nn/x.cpp", "ebb/kernels/conv/conv.h"),
            ("nn/x.cpp", "ebb/io/pth.h"),
            ("io/x.cpp", "ebb/autograd/node.h"),
            ("core/x.cpp", "ebb/apps/train.h"),
        ]:
            with self.subTest(file=file, header=header):
                self.assert_finds({file: HEADER + f'#include "{header}"\n'}, (f"{file}:2", f"may not include {header}"))

    def test_a_library_file_writes_the_prefix_in_quotes(self):
        for line, words in [
            ('#include "core/tensor.h"', "no ebb/ prefix"),
            ('  #  include "tensor.h"  // beside this file', "no ebb/ prefix"),
            ("#include <core/tensor.h>", "no ebb/ prefix"),
            ("#include <ebb/core/tensor.h>", 'include it as "ebb/core/tensor.h"'),
            ('#include "ebb/ebb.h"', "for users"),
            ('#include "ebb/nn.h"', "for users"),
        ]:
            with self.subTest(line=line):
                self.assert_finds({"core/x.cpp": line}, ("core/x.cpp:1", words))

    def test_an_include_in_a_comment_or_a_literal_is_none(self):
        self.assert_clean({"core/x.cpp": '// #include "nn/x.h"\nconst char* s = R"(\n#include "nn/x.h"\n#if 1\n)";\n'})

    def test_eigen_stays_in_the_cpu_kernels(self):
        include = "#include <Eigen/Core>\n#include <unsupported/Eigen/CXX11/Tensor>\n"
        self.assert_clean({"kernels/conv/conv_cpu.cpp": include, "kernels/matmul/gemm_isa.cpp": include})
        for file in ["kernels/conv/conv.cpp", "kernels/cpu/eigen.cpp", "core/blas_cpu.cpp", "nn/layers/conv.cpp"]:
            with self.subTest(file=file):
                self.assert_finds({file: include}, (f"{file}:1", "Eigen here"), (f"{file}:2", "Eigen here"))

    def test_cuda_stays_in_cuda_files(self):
        include = "#include <cuda_runtime_api.h>\n"
        files = ["kernels/x.cu", "kernels/conv_cudnn.cpp", "kernels/matmul/bmm_cublas.cpp", "core/cuda/nccl.cpp", "kernels/cuda/x.cpp"]
        self.assert_clean({file: include for file in files} | {"kernels/x.cuh": HEADER + include})
        for header in ["cuda_fp16.h", "cublas_v2.h", "cudnn.h", "nccl.h", "cub/cub.cuh"]:
            with self.subTest(header=header):
                self.assert_finds({"kernels/x_cpu.cpp": f"#include <{header}>\n"}, ("kernels/x_cpu.cpp:1", "CUDA here"))

    def test_a_header_of_ours_named_after_cuda_is_no_cuda_header(self):
        self.assert_clean({"kernels/x.cpp": '#include "ebb/core/cuda.h"\n'})

    def test_public_headers_bring_in_no_foreign_header(self):
        self.assert_finds({"io/x.h": HEADER + "#include <nlohmann/json.hpp>\n"}, ("io/x.h:2", "in a public header"))
        self.assert_clean({"io/x.cpp": "#include <nlohmann/json.hpp>\n"})

    def test_public_headers_bring_in_no_foreign_header_through_private_ones(self):
        private = {
            "core/cuda/context.h": HEADER + '#include "ebb/core/cuda/check.h"\n',
            "core/cuda/check.h": HEADER + '#include "ebb/core/cuda/context.h"\n#include <cuda_runtime.h>\n',
        }
        chain = "ebb/core/cuda/context.h > ebb/core/cuda/check.h > cuda_runtime.h"
        public = {"core/context.h": HEADER + '#include "ebb/core/cuda/context.h"\n'}
        self.assert_finds(private | public, ("core/context.h:2", chain))
        self.assert_clean(private | {"core/cuda/context.cpp": '#include "ebb/core/cuda/context.h"\n'})


class StandardIncludes(CheckLayers):
    def test_what_is_used_is_included(self):
        self.assert_finds(
            {"core/x.cpp": "#include <string>\nstd::vector<std::string> x;\nstd::vector<int> y = std::ranges::sort(x);\n"},
            ("core/x.cpp:2", "std::vector without <vector>"),
            ("core/x.cpp:3", "std::sort without <algorithm>"),
        )

    def test_a_header_of_ours_may_bring_it(self):
        files = {"core/x.h": HEADER + "#include <vector>\n", "core/y.h": HEADER + '#include "ebb/core/x.h"\n'}
        self.assert_clean(files | {"core/y.cpp": '#include "ebb/core/y.h"\nstd::vector<int> x;\n'})

    def test_a_stream_is_declared_in_headers_and_defined_in_sources(self):
        use = "#include <iosfwd>\nstd::ostream& out;\n"
        self.assert_clean({"core/x.h": HEADER + use})
        self.assert_finds({"core/x.cpp": use}, ("core/x.cpp:2", "without <ostream>"))


class Rooms(CheckLayers):
    def test_a_room_has_a_name_in_the_house(self):
        self.assert_clean({"core/memory/x.cpp": "", "apps/anything/x.cpp": ""})
        self.assert_finds({"core/attic/x.cpp": ""}, ("core/attic/", "no room of that name"))

    def test_a_room_is_no_hall(self):
        files = {f"nn/layers/{i}.cpp": "" for i in range(25)}
        self.assert_clean(files)
        self.assert_finds(files | {"nn/layers/x.cpp": ""}, ("nn/layers/", "26 files"))

    def test_public_headers_are_installed_and_private_ones_not(self):
        build = "install_headers(\n  'pth.h',\n  subdir: 'ebb/io')\n"
        files = {"io/pth.h": HEADER, "io/zip/zip.h": HEADER, "io/meson.build": build}
        self.assert_clean(files)
        self.assert_finds(files | {"io/npy.h": HEADER}, ("io/npy.h:1", "does not install"))
        private = build.replace("'pth.h'", "'pth.h', 'zip/zip.h'")
        self.assert_finds(files | {"io/meson.build": private}, ("io/meson.build:1", "installs zip/zip.h"))

    def test_floors_that_the_lines_of_errors_are_told_by(self):
        known = "".join(f'"{floor}/" ' for floor in house.FLOORS)
        self.assert_clean({"core/site.cpp": f"// {known}"})
        self.assert_finds({"core/site.cpp": f"// {known}".replace('"comm/"', "")}, ("core/site.cpp:1", "does not know the floor comm/"))

    def test_the_map_in_the_pages(self):
        page = f"<!-- written by tools/house.py -->\n```text\n{house.house_map()}```\n"
        self.assert_clean({"core/x.cpp": "", "CONTRIBUTING.md": page})
        self.assert_finds({"core/x.cpp": "", "CONTRIBUTING.md": "no map"}, ("CONTRIBUTING.md", "its map is not that"))


class Text(CheckLayers):
    def test_no_conditions_in_the_library(self):
        for directive in ["#if X", "#ifdef X", "  # ifndef X"]:
            with self.subTest(directive=directive):
                text = HEADER + f"{directive}\n#endif\n"
                self.assert_finds({"nn/x.h": text}, ("nn/x.h:2", "use `if constexpr`"))
                self.assert_clean({"kernels/host_device.h": text, "apps/x.h": text})

    def test_headers_begin_with_pragma_once(self):
        self.assert_clean({"core/x.h": "// What it is.\n/* And\nmore. */\n\n#pragma once\n", "core/y.cuh": HEADER})
        self.assert_finds({"tests/x.h": "// What.\n#include <vector>\n" + HEADER}, ("tests/x.h:2", "#pragma once"))
        self.assert_finds({"core/x.h": ""}, ("core/x.h:1", "#pragma once"))

    def test_no_commented_out_code(self):
        self.assert_finds(
            {"core/x.cpp": "// int x = 3;\nint y;  // if (x) {\n/* int z;\n   int w; */\n"},
            *((f"core/x.cpp:{line}", "commented-out") for line in (1, 2, 3, 4)),
        )

    def test_prose_and_documented_examples_are_welcome(self):
        self.assert_clean({"core/x.h": HEADER + "/// Adds:\n///     add(x);\nint x;  ///< of y;\n// (N, C), or not\n"})
        self.assert_clean({"core/x.cpp": "/** Adds:\n * ```\n * add(x);\n * ``` */\n"})

    def test_comments_in_literals_are_none(self):
        text = """auto a = "// x;";\nint b = 1'000;  // a thousand\nchar c = '"';  // a quote\n"""
        self.assert_clean({"core/x.cpp": text})


class Sizes(CheckLayers):
    def test_a_long_file(self):
        self.assert_clean({f"core/{i}.cpp": lines(400 if i == 0 else 10) for i in range(10)})
        self.assert_finds({"tests/x.cpp": lines(401)}, ("tests/x.cpp:1", "the limit is 400"))

    def test_too_many_files_of_some_length(self):
        files = {f"core/{i}.cpp": lines(251 if i < 2 else 10) for i in range(19)}
        self.assert_finds(files, *((f"core/{i}.cpp:1", "251 lines: 10 % of the files are over 250") for i in (1, 0)))
        self.assert_clean(files | {"core/x.cpp": lines(10)})

    def test_a_long_function(self):
        short = "".join(function(f"f{i}", 1) for i in range(20))
        self.assert_clean({"core/x.cpp": short + function("long_one", 60)})
        self.assert_finds({"apps/x.cpp": short + function("long_one", 61)}, ("apps/x.cpp:61", "long_one has 61 lines"))

    def test_too_many_functions_of_some_length(self):
        self.assert_clean({"core/x.cpp": function("f", 40)})
        self.assert_finds({"core/x.cpp": function("f", 41)}, ("core/x.cpp:1", "41 lines: 100 % of the functions"))

    def test_functions_in_tests_may_be_long(self):
        self.assert_clean({"tests/x.cpp": 'TEST_CASE("x") {\n' + "  step();\n" * 100 + "}\n"})

    def test_the_statistics(self):
        self.check({f"core/{i}.cpp": lines(i - 1) + function("f", 1)[:-1] for i in range(1, 11)})
        self.assertIn("10 files: median 7 lines (meant: 60), 90 % up to 11, longest 12", self.statistics)
        self.assertIn("10 functions: median 1 lines (meant: 10), 90 % up to 1, longest 1", self.statistics)

    def test_braces_that_do_not_balance(self):
        for text in ["void f() {\n", "}\n"]:
            with self.subTest(text=text):
                self.assert_finds({"core/x.cpp": text}, ("core/x.cpp:1", "do not balance"))

    def test_an_empty_tree_is_a_mistake(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            self.assertTrue(check_layers.main(pathlib.Path(folder)))
        self.assertIn("no C++ files", output.getvalue())


class Functions(CheckLayers):
    def test_heads_of_functions(self):
        for head, name in [
            ("int f(int x)", "f"),
            ("template <class T, int n = (1 + 2)> requires (n > 2) auto f(T x) -> std::vector<T>", "f"),
            ("[[nodiscard]] constexpr int Shape::rank() const noexcept(true)", "Shape::rank"),
            ('extern "C" void f(struct stat& s)', "f"),
            ("void f(Options options = {.a = 1, .b = {}})", "f"),
            ("bool operator==(const Shape& a, const Shape& b)", "operator"),
            ("bool operator<(const Shape& a) const", "operator"),
            ("Tensor operator()(const Tensor& x) const", "operator"),
            ("Net::Net(int n) : Base<int>(n), fc_{n, [](int x) { return x; }}", "Net::Net"),
            ("Net() noexcept : a_{1}, b_(2)", "Net"),
            ("~Net() override", "~Net"),
            ("template <class T> void f(T t) requires requires(T u) { u.x(); }", "f"),
            ("const auto f = [](int x) mutable -> int", "a lambda"),
            ("const bool ok = add_command(name, [&]", "a lambda"),
            ("__global__ void __launch_bounds__(256) add(float* x)", "add"),
        ]:
            with self.subTest(head=head):
                self.assertEqual(self.functions(f"namespace a::b {{\n{head} {{\n  g();\n}}\n}}"), [(name, 1)])

    def test_what_is_no_function(self):
        for text in [
            "enum class Kind : int { a, b = (1 + 2) };",
            "struct alignas(16) Point final : Base<int(int)> { int x = f(1), y{2}; std::array<int, 2> z = {1, 2}; };",
            "const std::map<int, int (*)(int)> table = {{1, f}, {2, g}};",
            "std::function<void(int)> callback{f};",
            "nn::Child<nn::Layer> fc{this, nn::linear({.in = 1})};",
            "int table[3]{1, 2, 3};",
            "template <class T> concept Layer = requires(T t) { t(1); };",
            "#define F(x) void x() {\n",
            "#define F(x) \\\n  void x() {\n",
            'extern "C" {\nint f();\n}',
            "void f() = delete;",
        ]:
            with self.subTest(text=text):
                self.assertEqual(self.functions(text), [])

    def test_methods_and_what_stands_between(self):
        text = "class A : B {\n public:\n  int x() { return 1; }\n  int y{1};\n  void f() {\n    g();\n\n    h();\n  }\n};"
        self.assertEqual(self.functions(text), [("x", 1), ("f", 3)])

    def test_a_lambda_or_a_struct_in_a_function_belongs_to_it(self):
        text = "void f() {\n  auto g = [] {\n    h();\n  };\n  struct S { int x() { return 1; } };\n}\n"
        self.assertEqual(self.functions(text), [("f", 4)])

    def test_braces_in_literals_and_comments(self):
        text = "void f() {\n  // {\n  auto a = '{';\n  auto b = \"}\\\"{\";\n  auto c = R\"x({)\" }})x\";  /* { */\n}\n"
        self.assertEqual(self.functions(text + "void g() {}\n"), [("f", 4), ("g", 1)])


if __name__ == "__main__":
    unittest.main()
