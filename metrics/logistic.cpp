// SPDX-License-Identifier: Apache-2.0
#include "metrics/logistic.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

#include "core/text.hpp"

namespace evenray {
namespace {

/// log(1 + exp(x)). Only exp of a value <= 0 is computed, so it cannot overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
/// Two forms, so that exp does not overflow for large |x|.
double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < b.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Solves A x = b for a symmetric positive definite A (row-major, overwritten by its Cholesky
/// factor).
std::vector<double> solve(std::vector<double>& a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      // Rounding may make a pivot 0 or negative if p (1 - p) is almost 0 in all rows. The lower
      // bound keeps the square root real.
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j * n + j];
    }
  }
  // Forward substitution with the factor, then backward substitution with its transpose.
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

/// The penalised loss and its derivatives. The last coefficient is the intercept, which has no
/// penalty.
class Problem {
 public:
  Problem(const FeatureRows& rows, std::span<const uint8_t> labels, double l2)
      : rows_(rows), labels_(labels), l2_(l2), size_(rows.front().size() + 1) {}

  size_t size() const { return size_; }

  double loss(const std::vector<double>& coefficients) const {
    double sum = 0;
    for (size_t j = 0; j + 1 < size_; ++j) sum += l2_ / 2 * coefficients[j] * coefficients[j];
    for (size_t i = 0; i < rows_.size(); ++i) {
      const double logit = dot(coefficients, rows_[i]) + coefficients.back();
      sum += softplus(labels_[i] ? -logit : logit);
    }
    return sum;
  }

  /// Writes the gradient and the lower triangle of the Hessian.
  void derivatives(const std::vector<double>& coefficients,
                   std::vector<double>& gradient,
                   std::vector<double>& hessian) const {
    gradient.assign(size_, 0);
    hessian.assign(size_ * size_, 0);
    for (size_t j = 0; j + 1 < size_; ++j) {
      gradient[j] = l2_ * coefficients[j];
      hessian[j * size_ + j] = l2_;
    }
    std::vector<double> row(size_, 1);  // the last element stays 1, for the intercept
    for (size_t i = 0; i < rows_.size(); ++i) {
      std::copy(rows_[i].begin(), rows_[i].end(), row.begin());
      const double p = sigmoid(dot(coefficients, row)), curvature = p * (1 - p);
      for (size_t j = 0; j < size_; ++j) {
        gradient[j] += (p - labels_[i]) * row[j];
        for (size_t k = 0; k <= j; ++k) hessian[j * size_ + k] += curvature * row[j] * row[k];
      }
    }
  }

 private:
  const FeatureRows& rows_;
  std::span<const uint8_t> labels_;
  double l2_;
  size_t size_;
};

}  // namespace

TableEncoder::TableEncoder(const std::vector<std::vector<std::string>>& rows,
                           size_t min_rows,
                           size_t max_texts) {
  const size_t columns = rows.empty() ? 0 : rows.front().size();
  for (size_t column = 0; column < columns; ++column) {
    std::map<std::string, size_t> counts;
    bool numbers = true;
    double sum = 0, known = 0;
    for (const auto& row : rows) {
      const auto& text = row[column];
      ++counts[text];
      double value = 0;
      if (text.empty()) continue;
      numbers = numbers && parse_double(text, value);
      sum += value, known += 1;
    }
    if (numbers && known > 0) {
      features_.push_back({column, Kind::number, "", sum / known});
      if (counts.contains("")) features_.push_back({column, Kind::number_missing, ""});
      continue;
    }
    std::vector<std::pair<size_t, std::string>> frequent;
    for (const auto& [text, count] : counts) {
      if (count >= min_rows) frequent.emplace_back(count, text);
    }
    std::stable_sort(frequent.begin(), frequent.end(), [](const auto& a, const auto& b) {
      return a.first > b.first;
    });
    if (frequent.size() > max_texts) frequent.resize(max_texts);
    for (const auto& [count, text] : frequent) features_.push_back({column, Kind::text, text});
  }
  for (auto& feature : features_) {
    const auto count = static_cast<double>(rows.size());
    double sum = 0, squares = 0;
    for (const auto& row : rows) sum += raw(feature, row);
    feature.centre = sum / count;
    for (const auto& row : rows) squares += std::pow(raw(feature, row) - feature.centre, 2);
    const double deviation = std::sqrt(squares / count);
    // Rounding leaves a tiny deviation in constant features; dividing by it would amplify noise.
    if (deviation > 1e-12 * std::max(1.0, std::abs(feature.centre))) feature.scale = deviation;
  }
}

double TableEncoder::raw(const Feature& feature, const std::vector<std::string>& row) const {
  const auto& text = row[feature.column];
  if (feature.kind == Kind::text) return text == feature.text;
  if (feature.kind == Kind::number_missing) return text.empty();
  double value = 0;
  return parse_double(text, value) ? value : feature.fill;
}

FeatureRows TableEncoder::encode(const std::vector<std::vector<std::string>>& rows) const {
  FeatureRows out;
  out.reserve(rows.size());
  for (const auto& row : rows) {
    auto& values = out.emplace_back();
    for (const auto& feature : features_) {
      values.push_back((raw(feature, row) - feature.centre) / feature.scale);
    }
  }
  return out;
}

double Logistic::predict(std::span<const double> row) const {
  return sigmoid(dot(row, weights) + intercept);
}

Logistic fit_logistic(const FeatureRows& rows, std::span<const uint8_t> labels, double l2) {
  assert(rows.size() == labels.size() && !rows.empty() && l2 > 0);
  const Problem problem(rows, labels, l2);
  const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  const double negatives = static_cast<double>(labels.size()) - positives;
  std::vector<double> coefficients(problem.size(), 0), gradient, hessian;
  // The log odds are the optimum for weights of 0. The 1/2 keeps them finite if a label is absent.
  coefficients.back() = std::log((positives + .5) / (negatives + .5));
  double loss = problem.loss(coefficients);
  for (int step = 0; step < 100 && positives > 0 && negatives > 0; ++step) {
    problem.derivatives(coefficients, gradient, hessian);
    const auto direction = solve(hessian, gradient);
    // The quadratic model of the loss decreases by half of this in a full Newton step. The fit ends
    // when it is negligible, or NaN.
    const double decrease = dot(gradient, direction);
    if (!(decrease > 1e-14 * (1 + loss))) break;
    // Backtracking with the Armijo condition: a full step may increase the loss far from the
    // optimum.
    double share = 1, next_loss = loss;
    std::vector<double> next;
    for (; share > 1e-6; share /= 2) {
      next = coefficients;
      for (size_t j = 0; j < coefficients.size(); ++j) next[j] -= share * direction[j];
      next_loss = problem.loss(next);
      if (next_loss <= loss - 1e-4 * share * decrease) break;
    }
    // No step size decreases the loss: rounding limits the precision.
    if (!(next_loss < loss)) break;
    coefficients = next;
    loss = next_loss;
  }
  Logistic model;
  model.intercept = coefficients.back();
  coefficients.pop_back();
  model.weights = std::move(coefficients);
  return model;
}

}  // namespace evenray
