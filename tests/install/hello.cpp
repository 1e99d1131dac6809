// The least that uses ebb: makes a tensor and prints it.
#include <iostream>

#include <ebb/tensor.h>

int main() { std::cout << ebb::tensor({1.0, 2.0}) * 2 << "\n"; }
