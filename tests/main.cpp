#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support/test_locale.hpp"

int main(int argc, char** argv) {
    take_up_test_locale();
    return doctest::Context(argc, argv).run();
}
