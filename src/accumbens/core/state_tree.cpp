#include "accumbens/core/state_tree.h"

#include <torch/utils.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

// JSON has no infinities and no NaN: they are kept as strings
nlohmann::json to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double to_double(const nlohmann::json& json) {
  if (json.is_number()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::string describe(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << c10::toString(tensor.scalar_type()) << tensor.sizes();
  return text.str();
}

}  // namespace

bool StateTree::contains(std::string_view name) const {
  const std::string key = path(name);
  if (contents_.values.contains(key) || contents_.tensors.contains(key) ||
      contents_.frozen.contains(key)) {
    return true;
  }

  // a subtree is a longer key
  const std::string subtree = key + "/";
  const auto below = [&](const auto& map) {
    const auto it = map.lower_bound(subtree);
    return it != map.end() && it->first.starts_with(subtree);
  };
  const auto& values = contents_.values.get_ref<const nlohmann::json::object_t&>();
  return below(values) || below(contents_.tensors) || below(contents_.frozen);
}

const nlohmann::json& StateTree::value(std::string_view name) const {
  const auto it = contents_.values.find(path(name));
  if (it == contents_.values.end()) fail(name, "is missing");
  return *it;
}

void StateTree::fail(std::string_view name, const std::string& what) const {
  throw StateMismatch("the saved state does not fit this run or this version of Accumbens: '" +
                      path(name) + "' " + what);
}

StateTree& StateTree::operator()(std::string_view name, double& value) {
  if (saving()) {
    contents_.values[path(name)] = to_json(value);
  } else {
    try {
      value = to_double(this->value(name));
    } catch (const nlohmann::json::exception&) {
      fail(name, "is not a number");
    }
  }
  return *this;
}

StateTree& StateTree::operator()(std::string_view name, float& value) {
  double wide = value;
  (*this)(name, wide);
  value = static_cast<float>(wide);
  return *this;
}

StateTree& StateTree::operator()(std::string_view name, std::vector<int64_t>& value) {
  if (saving()) {
    contents_.values[path(name)] = value;
    return *this;
  }
  try {
    const auto loaded = this->value(name).get<std::vector<int64_t>>();
    if (!value.empty() && loaded.size() != value.size()) {
      fail(name, "has another size than expected");
    }
    value = loaded;
  } catch (const nlohmann::json::exception&) {
    fail(name, "has another type than expected");
  }
  return *this;
}

StateTree& StateTree::operator()(std::string_view name, std::vector<double>& value) {
  torch::Tensor tensor;
  if (saving()) tensor = torch::tensor(value, torch::kFloat64);
  (*this)(name, tensor);
  if (loading()) {
    if (!tensor.defined() || tensor.scalar_type() != torch::kFloat64) {
      fail(name, "is not a list of numbers");
    }
    if (!value.empty() && tensor.numel() != static_cast<int64_t>(value.size())) {
      fail(name, "has another size than expected");
    }
    const double* data = tensor.const_data_ptr<double>();
    value.assign(data, data + tensor.numel());
  }
  return *this;
}

StateTree& StateTree::bytes(std::string_view name, std::string& value) {
  torch::Tensor tensor;
  if (saving()) {
    tensor = torch::empty({static_cast<int64_t>(value.size())}, torch::kUInt8);
    std::memcpy(tensor.data_ptr(), value.data(), value.size());
  }
  (*this)(name, tensor);
  if (loading()) {
    if (!tensor.defined() || tensor.scalar_type() != torch::kUInt8) {
      fail(name, "is not a list of bytes");
    }
    value.assign(static_cast<const char*>(tensor.const_data_ptr()),
                 static_cast<size_t>(tensor.numel()));
  }
  return *this;
}

StateTree& StateTree::operator()(std::string_view name, torch::Tensor& value) {
  const std::string key = path(name);
  if (saving()) {
    // a copy, so that what is written later is the state of now
    if (value.defined()) {
      contents_.tensors[key] = value.detach()
                                   .to(torch::kCPU, /*non_blocking=*/false,
                                       /*copy=*/true)
                                   .contiguous();
    }
    return *this;
  }

  const auto it = contents_.tensors.find(key);
  if (it == contents_.tensors.end()) {
    if (value.defined()) fail(name, "is missing");
    return *this;
  }
  if (!value.defined()) {
    value = it->second;
    return *this;
  }
  if (value.sizes() != it->second.sizes() || value.scalar_type() != it->second.scalar_type()) {
    fail(name, "is " + describe(it->second) + " where " + describe(value) + " is expected");
  }
  const torch::NoGradGuard no_grad;
  value.copy_(it->second);
  return *this;
}

StateTree& StateTree::operator()(std::string_view name, FrozenTensor& value) {
  const std::string key = path(name);
  if (saving()) {
    contents_.frozen[key] = value;
  } else {
    const auto it = contents_.frozen.find(key);
    if (it == contents_.frozen.end()) fail(name, "is missing");
    value = it->second;
  }
  return *this;
}

}  // namespace accumbens
