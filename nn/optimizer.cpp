// SPDX-License-Identifier: Apache-2.0
#include "nn/optimizer.hpp"

#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Calls visit(key, tensor) for each state tensor of a group.
template <class Group, class Visit>
void each_state(Group& group, const std::string& prefix, Visit visit) {
  for (size_t i = 0; i < group.names.size(); ++i) {
    visit(prefix + ".exp_avg." + group.names[i], group.exp_avg[i]);
    visit(prefix + ".exp_avg_sq." + group.names[i], group.exp_avg_sq[i]);
    visit(prefix + ".step." + group.names[i], group.steps[i]);
  }
}

}  // namespace

FusedAdam::FusedAdam(const torch::nn::Module& module,
                     const AdamOptions& options,
                     const std::function<double(const std::string& name)>& rate_of)
    : options_(options) {
  for (const auto& item : module.named_parameters()) {
    const auto& param = item.value();
    if (!param.requires_grad()) continue;
    // One kernel call a group suffices, so equal settings share one.
    const double decay = param.dim() > 1 ? options.weight_decay : 0;
    const double rate = rate_of ? rate_of(item.key()) : 1;
    auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) {
      return g.weight_decay == decay && g.rate == rate;
    });
    if (group == groups_.end())
      group = groups_.insert(group, Group{{}, {}, {}, {}, {}, decay, rate});
    group->names.push_back(item.key());
    group->params.push_back(param);
    group->exp_avg.push_back(torch::zeros_like(param, param.options().requires_grad(false)));
    group->exp_avg_sq.push_back(torch::zeros_like(param, param.options().requires_grad(false)));
    group->steps.push_back(torch::zeros({}, param.options().requires_grad(false)));
  }
}

void FusedAdam::zero_grad() {
  for (auto& group : groups_) {
    for (auto& param : group.params) param.mutable_grad().reset();
  }
}

void FusedAdam::step() {
  torch::NoGradGuard no_grad;
  // The kernels need a gradient for each parameter, so the group is reduced to those that have one.
  // The copied tensors share memory with the originals.
  for (const auto& whole : groups_) {
    Group group{{}, {}, {}, {}, {}, whole.weight_decay, whole.rate};
    std::vector<torch::Tensor> grads;
    for (size_t i = 0; i < whole.params.size(); ++i) {
      const auto& param = whole.params[i];
      if (!param.grad().defined()) continue;
      group.params.push_back(param);
      group.exp_avg.push_back(whole.exp_avg[i]);
      group.exp_avg_sq.push_back(whole.exp_avg_sq[i]);
      group.steps.push_back(whole.steps[i]);
      // The fused kernel pairs elements by memory position, so the gradient must have the layout of
      // its parameter (which may be channels_last).
      grads.push_back(param.grad().contiguous(param.suggest_memory_format()));
    }
    if (grads.empty()) continue;
    // The kernels read the step count for the bias correction but do not increment it.
    at::_foreach_add_(group.steps, 1);
    if (group.weight_decay > 0) {
      at::_fused_adamw_(group.params,
                        grads,
                        group.exp_avg,
                        group.exp_avg_sq,
                        {},
                        group.steps,
                        options_.lr * group.rate,
                        options_.beta1,
                        options_.beta2,
                        group.weight_decay,
                        options_.eps,
                        false,
                        false);
    } else {
      at::_fused_adam_(group.params,
                       grads,
                       group.exp_avg,
                       group.exp_avg_sq,
                       {},
                       group.steps,
                       options_.lr * group.rate,
                       options_.beta1,
                       options_.beta2,
                       0,
                       options_.eps,
                       false,
                       false);
    }
  }
}

std::vector<torch::Tensor> FusedAdam::moments() const {
  std::vector<torch::Tensor> out;
  for (const auto& group : groups_) {
    out.insert(out.end(), group.exp_avg.begin(), group.exp_avg.end());
    out.insert(out.end(), group.exp_avg_sq.begin(), group.exp_avg_sq.end());
  }
  return out;
}

void FusedAdam::reset() {
  for (auto& group : groups_) {
    for (auto* tensors : {&group.exp_avg, &group.exp_avg_sq, &group.steps})
      for (auto& tensor : *tensors) tensor.zero_();
  }
}

void FusedAdam::save(TensorFile& file, const std::string& prefix) const {
  for (const auto& group : groups_) {
    each_state(group, prefix, [&](const std::string& key, const torch::Tensor& tensor) {
      file.tensors[key] = tensor;
    });
  }
}

void FusedAdam::load(const TensorFile& file, const std::string& prefix, const Path& path) {
  torch::NoGradGuard no_grad;
  for (auto& group : groups_) {
    each_state(group, prefix, [&](const std::string& key, torch::Tensor tensor) {
      const auto found = file.tensors.find(key);
      check(found != file.tensors.end() && found->second.sizes() == tensor.sizes(),
            Exit::bad_data,
            cat(path.string(), ": optimiser state '", key, "' is missing or has another shape"));
      tensor.copy_(found->second);
    });
  }
}

}  // namespace evenray
