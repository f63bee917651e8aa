#include <fitnas/fitnas.hpp>

int main() {}
