// SPDX-License-Identifier: Apache-2.0
#include "augment/sources.hpp"

#include <algorithm>
#include <map>

#include "augment/pipeline.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// The row of a class that image number i is made from.
class ParentOrder {
 public:
  explicit ParentOrder(const Store& store) : store_(store) {}

  void use(int class_index, const std::vector<int64_t>& rows) { first_[class_index] = rows; }

  int64_t parent(int class_index, int64_t number, const Rng& rng) {
    if (const auto first = first_.find(class_index); first != first_.end()) {
      const auto& chosen = first->second;
      if (number < std::ssize(chosen)) return chosen[static_cast<size_t>(number)];
      number -= std::ssize(chosen);
    }
    const std::vector<int64_t>& rows = rows_of(class_index);
    const auto size = static_cast<int64_t>(rows.size());
    const int64_t round = number / size;
    if (class_index != class_ || round != round_ || rng.key() != key_) {
      order_ = rows;
      Rng shuffle = rng.fork("parents", static_cast<uint64_t>(round));
      shuffle.shuffle(order_);
      class_ = class_index;
      round_ = round;
      key_ = rng.key();
    }
    return order_[static_cast<size_t>(number % size)];
  }

 private:
  const std::vector<int64_t>& rows_of(int class_index) {
    const auto known = rows_.find(class_index);
    if (known != rows_.end()) return known->second;
    const std::string& name = store_.info().class_names.at(static_cast<size_t>(class_index));
    std::vector<int64_t> real = real_rows(store_, "train", name);
    if (real.empty()) {
      throw Error(Exit::bad_data,
                  cat(store_.path().string(),
                      ": class '",
                      name,
                      "' has no real training row to copy or augment"));
    }
    return rows_[class_index] = std::move(real);
  }

  const Store& store_;
  std::map<int, std::vector<int64_t>> rows_, first_;
  std::vector<int64_t> order_;
  int class_ = -1;
  int64_t round_ = -1;
  uint64_t key_ = 0;
};

class RowSource : public Source {
 public:
  RowSource(const Store& store, int threads) : store_(store), threads_(threads), order_(store) {}

  void use_parents(int class_index, const std::vector<int64_t>& rows) final {
    order_.use(class_index, rows);
  }
  int64_t parent(int class_index, int64_t number, const Rng& rng) final {
    return order_.parent(class_index, number, rng);
  }

  std::vector<Drawn> draw(int class_index, int64_t first, int64_t count, const Rng& rng) final {
    std::vector<int64_t> parents;
    for (int64_t i = 0; i < count; ++i)
      parents.push_back(order_.parent(class_index, first + i, rng));
    const StorePart& train = store_.part("train");
    std::vector<Drawn> drawn(parents.size());
    parallel_for(parents.size(), threads_, [&](size_t i) {
      const auto row = static_cast<size_t>(parents[i]);
      drawn[i] = make(store_.image("train", parents[i]),
                      train.boxes[row],
                      rng.fork("image", static_cast<uint64_t>(first) + i));
      drawn[i].provenance.parent = parents[i];
      drawn[i].boxes_known = train.boxes_known[row] != 0;
    });
    return drawn;
  }

 protected:
  virtual Drawn make(cv::Mat image, const std::vector<Box>& boxes, const Rng& rng) const = 0;

 private:
  const Store& store_;
  int threads_;
  ParentOrder order_;
};

class CopySource final : public RowSource {
 public:
  using RowSource::RowSource;
  std::string name() const override { return "copy"; }
  Origin origin() const override { return Origin::copy; }

 private:
  Drawn make(cv::Mat image, const std::vector<Box>& boxes, const Rng&) const override {
    return {std::move(image), {Origin::copy, -1, "copy", 0}, boxes};
  }
};

class AugmentSource final : public RowSource {
 public:
  AugmentSource(const Store& store, Policy policy, int threads)
      : RowSource(store, threads), policy_(std::move(policy)) {}
  std::string name() const override { return cat("augment:", policy_.name); }
  Origin origin() const override { return Origin::augmented; }

 private:
  Drawn make(cv::Mat image, const std::vector<Box>& boxes, const Rng& rng) const override {
    PolicyResult result = apply_policy(policy_, image, boxes, rng);
    return {std::move(result.augmented.image),
            {Origin::augmented, -1, std::move(result.recipe), rng.key()},
            std::move(result.augmented.boxes),
            false,
            result.augmented.boxes_dropped};
  }

  Policy policy_;
};

/// Returns the kind of the source and the text after the colon. Throws 2 for an unknown kind.
std::pair<const SourceKind*, std::string> kind_of(const std::string& name,
                                                  const SourceKinds& kinds) {
  const size_t colon = name.find(':');
  const std::string prefix = name.substr(0, colon);
  std::vector<std::string> usages;
  for (const SourceKind& kind : kinds) {
    if (kind.name == prefix && (colon == std::string::npos) == (kind.usage == kind.name))
      return {&kind, colon == std::string::npos ? "" : name.substr(colon + 1)};
    usages.push_back(kind.usage);
  }
  throw Error(Exit::usage, unknown_name("source", name, usages));
}

}  // namespace

std::shared_ptr<Source> make_copy_source(const Store& store, int threads) {
  return std::make_shared<CopySource>(store, threads);
}

std::shared_ptr<Source> make_augment_source(const Store& store,
                                            const std::string& policy,
                                            int threads) {
  return std::make_shared<AugmentSource>(store, find_policy(policy), threads);
}

SourceKinds row_source_kinds() {
  return {{"copy",
           "copy",
           [](const std::string&) {},
           [](const std::string&, const SourceContext& context) {
             return make_copy_source(context.store, context.threads);
           }},
          {"augment",
           "augment:POLICY",
           [](const std::string& policy) { find_policy(policy); },
           [](const std::string& policy, const SourceContext& context) {
             return make_augment_source(context.store, policy, context.threads);
           }}};
}

void check_sources(const std::vector<ParsedSource>& sources, const SourceKinds& kinds) {
  for (const auto& source : sources) {
    const auto [kind, rest] = kind_of(source.name, kinds);
    kind->check(rest);
  }
}

std::vector<SourceShare> make_sources(const std::vector<ParsedSource>& sources,
                                      const SourceKinds& kinds,
                                      const SourceContext& context) {
  const auto shares = source_shares(sources);
  std::vector<SourceShare> out;
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto [kind, rest] = kind_of(sources[i].name, kinds);
    kind->check(rest);
    out.push_back({kind->make(rest, context), shares[i]});
  }
  return out;
}

}  // namespace evenray
