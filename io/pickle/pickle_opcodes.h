#pragma once

#include <cstdint>

/// The opcodes of Python's pickles that PyTorch's files use (Python, Lib/pickletools.py).
namespace ebb::io::opcode {

inline constexpr std::uint8_t protocol = 0x80, stop = '.', mark = '(', pop = '0', pop_mark = '1', frame = 0x95;
inline constexpr std::uint8_t none = 'N', yes = 0x88, no = 0x89;
inline constexpr std::uint8_t int1 = 'K', int2 = 'M', int4 = 'J', long1 = 0x8a, long4 = 0x8b, real = 'G';
inline constexpr std::uint8_t text1 = 0x8c, text4 = 'X', text8 = 0x8d;
inline constexpr std::uint8_t string1 = 'U', string4 = 'T';  // str of Python 2
inline constexpr std::uint8_t bytes1 = 'C', bytes4 = 'B', bytes8 = 0x8e, bytearray8 = 0x96;
inline constexpr std::uint8_t empty_list = ']', append = 'a', appends = 'e', empty_set = 0x8f, add_items = 0x90,
                              frozen_set = 0x91;
inline constexpr std::uint8_t empty_dict = '}', set_item = 's', set_items = 'u';
inline constexpr std::uint8_t empty_tuple = ')', tuple = 't', tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87;
inline constexpr std::uint8_t put1 = 'q', put4 = 'r', memoize = 0x94, get1 = 'h', get4 = 'j';
inline constexpr std::uint8_t global = 'c', stack_global = 0x93, reduce = 'R', new_object = 0x81, new_object_ex = 0x92,
                              build = 'b';
inline constexpr std::uint8_t persistent_id = 'Q';

}  // namespace ebb::io::opcode
