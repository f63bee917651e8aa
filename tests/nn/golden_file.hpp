// Reads what tools/make_nn_golden.py wrote.

#ifndef FITNAS_TESTS_NN_GOLDEN_FILE_HPP
#define FITNAS_TESTS_NN_GOLDEN_FILE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <locale>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fitnas/core/xtensor.hpp>

namespace golden {

struct tensor {
    std::string name;
    std::vector<std::size_t> sizes; // none: a scalar
    std::vector<double> values;

    std::vector<float> floats() const {
        std::vector<float> result;
        for (const double v : values) {
            result.push_back(static_cast<float>(v));
        }
        return result;
    }
    std::vector<int> integers() const {
        std::vector<int> result;
        for (const double v : values) {
            result.push_back(static_cast<int>(v));
        }
        return result;
    }
    double scalar() const { return values.at(0); }
    std::span<const double> row(std::size_t i) const {
        const std::size_t width = values.size() / sizes.at(0);
        return std::span<const double>(values).subspan(i * width, width);
    }
    fitnas::tensor4 images() const {
        auto result = fitnas::tensor4::from_shape({sizes.at(0), sizes.at(1), sizes.at(2), sizes.at(3)});
        std::copy(values.begin(), values.end(), result.begin());
        return result;
    }
};

class file {
public:
    explicit file(const std::string& name, const std::string& room = "nn")
        : m_name(FITNAS_TEST_DIR "/" + room + "/golden/" + name + ".txt") {
        std::ifstream in(m_name);
        std::string head;
        std::string body;
        while (std::getline(in, head) && std::getline(in, body)) {
            tensor t;
            std::istringstream words(head);
            std::istringstream numbers(body);
            words.imbue(std::locale::classic());
            numbers.imbue(std::locale::classic());
            words >> t.name;
            std::size_t expected = 1;
            for (std::size_t size = 0; words >> size; expected *= size) {
                t.sizes.push_back(size);
            }
            for (double v = 0; numbers >> v;) {
                t.values.push_back(v);
            }
            if (t.values.size() != expected) {
                throw std::runtime_error(m_name + ": " + t.name + " is damaged");
            }
            m_tensors.push_back(t);
        }
        if (m_tensors.empty()) {
            throw std::runtime_error(m_name + " is missing or empty");
        }
    }

    const tensor& operator[](const std::string& name) const {
        for (const tensor& t : m_tensors) {
            if (t.name == name) {
                return t;
            }
        }
        throw std::runtime_error(m_name + " has no " + name);
    }

    // In the order of the file.
    std::vector<tensor> starting_with(const std::string& prefix) const {
        std::vector<tensor> result;
        for (const tensor& t : m_tensors) {
            if (t.name.compare(0, prefix.size(), prefix) == 0) {
                result.push_back(t);
            }
        }
        return result;
    }

private:
    std::string m_name;
    std::vector<tensor> m_tensors;
};

inline double largest(std::span<const double> values) {
    double result = 0;
    for (const double v : values) {
        result = (std::max)(result, std::abs(v));
    }
    return result;
}

// Of all tensors, such as the gradients of a file.
inline double largest(std::span<const tensor> tensors) {
    double result = 0;
    for (const tensor& t : tensors) {
        result = (std::max)(result, largest(t.values));
    }
    return result;
}

// max |got - factor expected| / max |factor expected| over a whole tensor; where all of that is 0, relative
// to `otherwise`. Infinite where a length or a value is wrong beyond comparison.
template <class Values>
double relative_error(const Values& got, std::span<const double> expected, double factor = 1,
                      double otherwise = 1) {
    double scale = factor * largest(expected);
    scale = scale > 0 ? scale : otherwise;
    double worst = got.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
    auto want = expected.begin();
    for (auto v = got.begin(); v != got.end() && want != expected.end(); ++v, ++want) {
        const double off = std::abs(static_cast<double>(*v) - factor * *want);
        worst = std::isfinite(off) ? (std::max)(worst, off / scale) : std::numeric_limits<double>::infinity();
        if (std::isinf(worst)) {
            break;
        }
    }
    return worst;
}

} // namespace golden

#endif
