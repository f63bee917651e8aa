// An ONNX file read back by protozero's reader, as far as the tests look at it. Numbers of fields are those
// of onnx.proto3 (https://github.com/onnx/onnx/blob/v1.8.0/onnx/onnx.proto3).

#ifndef FITNAS_TESTS_IO_ONNX_FILE_HPP
#define FITNAS_TESTS_IO_ONNX_FILE_HPP

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <protozero/pbf_reader.hpp>

namespace onnx_file {

using numbers = std::vector<std::int64_t>;

struct attribute {
    std::int64_t type = 0;
    float number = 0;
    std::int64_t integer = 0;
    std::string text;
    numbers integers;
};
struct node {
    std::string type;
    std::string name;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, attribute> attributes;
};
struct tensor {
    std::int64_t type = 0; // 1: float, 7: int64
    numbers sizes;
    std::vector<float> floats;
    numbers integers;
};
struct value {
    std::string name;
    std::int64_t type = 0;
    std::vector<std::string> sizes;
};
struct model {
    std::int64_t ir_version = 0;
    std::int64_t opset = 0;
    std::string producer;
    std::string name;
    std::vector<node> nodes;
    std::map<std::string, tensor> constants;
    value input;
    value output;
    std::map<std::string, std::string> metadata;

    std::vector<std::string> types() const {
        std::vector<std::string> all;
        for (const node& n : nodes) {
            all.push_back(n.type);
        }
        return all;
    }
};

inline attribute read_attribute(protozero::pbf_reader from, std::string& name) {
    attribute a;
    while (from.next()) {
        switch (from.tag()) {
        case 1:
            name = from.get_string();
            break;
        case 2:
            a.number = from.get_float();
            break;
        case 3:
            a.integer = from.get_int64();
            break;
        case 4:
            a.text = from.get_bytes();
            break;
        case 8:
            a.integers.push_back(from.get_int64());
            break;
        case 20:
            a.type = from.get_enum();
            break;
        default:
            from.skip();
        }
    }
    return a;
}

inline node read_node(protozero::pbf_reader from) {
    node n;
    while (from.next()) {
        switch (from.tag()) {
        case 1:
            n.inputs.push_back(from.get_string());
            break;
        case 2:
            n.outputs.push_back(from.get_string());
            break;
        case 3:
            n.name = from.get_string();
            break;
        case 4:
            n.type = from.get_string();
            break;
        case 5: {
            std::string name;
            const attribute a = read_attribute(from.get_message(), name);
            n.attributes[name] = a;
            break;
        }
        default:
            from.skip();
        }
    }
    return n;
}

inline tensor read_tensor(protozero::pbf_reader from, std::string& name) {
    tensor t;
    std::string bytes;
    while (from.next()) {
        switch (from.tag()) {
        case 1:
            t.sizes.push_back(from.get_int64());
            break;
        case 2:
            t.type = from.get_int32();
            break;
        case 8:
            name = from.get_string();
            break;
        case 9:
            bytes = from.get_bytes();
            break;
        default:
            from.skip();
        }
    }
    if (t.type == 1) {
        t.floats.resize(bytes.size() / sizeof(float));
        std::memcpy(t.floats.data(), bytes.data(), bytes.size());
    } else {
        t.integers.resize(bytes.size() / sizeof(std::int64_t));
        std::memcpy(t.integers.data(), bytes.data(), bytes.size());
    }
    return t;
}

inline value read_value(protozero::pbf_reader from) {
    value v;
    while (from.next()) {
        if (from.tag() == 1) {
            v.name = from.get_string();
            continue;
        }
        protozero::pbf_reader type = from.get_message();
        type.next(1);
        protozero::pbf_reader tensor = type.get_message();
        while (tensor.next()) {
            if (tensor.tag() == 1) {
                v.type = tensor.get_int32();
                continue;
            }
            protozero::pbf_reader sizes = tensor.get_message();
            while (sizes.next(1)) {
                protozero::pbf_reader size = sizes.get_message();
                size.next();
                v.sizes.push_back(size.tag() == 1 ? std::to_string(size.get_int64()) : size.get_string());
            }
        }
    }
    return v;
}

inline void read_graph(protozero::pbf_reader from, model& m) {
    while (from.next()) {
        switch (from.tag()) {
        case 1:
            m.nodes.push_back(read_node(from.get_message()));
            break;
        case 2:
            m.name = from.get_string();
            break;
        case 5: {
            std::string name;
            const tensor t = read_tensor(from.get_message(), name);
            m.constants[name] = t;
            break;
        }
        case 11:
            m.input = read_value(from.get_message());
            break;
        case 12:
            m.output = read_value(from.get_message());
            break;
        default:
            from.skip();
        }
    }
}

inline model read(const std::string& bytes) {
    model m;
    protozero::pbf_reader from(bytes);
    while (from.next()) {
        switch (from.tag()) {
        case 1:
            m.ir_version = from.get_int64();
            break;
        case 2:
            m.producer = from.get_string();
            break;
        case 7:
            read_graph(from.get_message(), m);
            break;
        case 8: {
            protozero::pbf_reader opset = from.get_message();
            opset.next(2);
            m.opset = opset.get_int64();
            break;
        }
        case 14: {
            protozero::pbf_reader pair = from.get_message();
            pair.next(1);
            const std::string key = pair.get_string();
            pair.next(2);
            m.metadata[key] = pair.get_string();
            break;
        }
        default:
            from.skip();
        }
    }
    return m;
}

} // namespace onnx_file

#endif
