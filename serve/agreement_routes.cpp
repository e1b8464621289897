// SPDX-License-Identifier: Apache-2.0
// How far the people who decide on rows agree, and the files that are made of their decisions.
#include "core/number.hpp"
#include "core/text.hpp"
#include "metrics/agreement.hpp"
#include "serve/curation_view.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

HttpResponse show_agreement(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  CurationState& state = state_of(visit);
  const auto decisions = state.decisions.all();
  std::map<std::string, size_t> person_at;
  std::map<std::string, size_t> row_of;
  for (const auto& decision : decisions) {
    if (decision.verdict == Verdict::open) continue;
    person_at.emplace(decision.account, person_at.size());
    row_of.emplace(decision.row, row_of.size());
  }
  std::vector<std::vector<int>> ratings(person_at.size(),
                                        std::vector<int>(row_of.size(), kNotRated));
  std::vector<std::array<int, 2>> counts(person_at.size(), {0, 0});
  for (const auto& decision : decisions) {
    if (decision.verdict == Verdict::open) continue;
    const size_t person = person_at.at(decision.account);
    const int rating = decision.verdict == Verdict::accept ? 0 : 1;
    ratings[person][row_of.at(decision.row)] = rating;
    ++counts[person][static_cast<size_t>(rating)];
  }
  std::vector<std::vector<Html>> people, pairs;
  for (const auto& [name, person] : person_at)
    people.push_back({Html::text(name.empty() ? "-" : name),
                      Html::text(std::to_string(counts[person][0])),
                      Html::text(std::to_string(counts[person][1]))});
  for (const auto& [one, a] : person_at)
    for (const auto& [other, b] : person_at) {
      if (b <= a) continue;
      int both = 0;
      for (size_t i = 0; i < row_of.size(); ++i)
        both += ratings[a][i] != kNotRated && ratings[b][i] != kNotRated;
      pairs.push_back({Html::text(cat(one, ", ", other)),
                       Html::text(std::to_string(both)),
                       Html::text(decimal_text(cohen_kappa(ratings[a], ratings[b]), 3))});
    }
  Html body = table_of(
      visitor.word("curate.people"),
      {visitor.word("signin.name"), visitor.word("verdict.accept"), visitor.word("verdict.reject")},
      people);
  if (!pairs.empty())
    body += table_of("Cohen's kappa",
                     {visitor.word("curate.pair"), visitor.word("curate.both"), "kappa"},
                     pairs);
  if (person_at.size() > 2)
    body += element(
        "p", {}, cat("Krippendorff's alpha: ", decimal_text(krippendorff_alpha(ratings), 3)));
  body += element("p",
                  {},
                  link_to("/curate?verdict=disagreed", visitor.word("verdict.disagreed")) +
                      Html::text(" ") + link_to("/curate/decisions.csv", "decisions.csv") +
                      Html::text(" ") + link_to("/curate/table.csv", "table.csv") +
                      Html::text(" ") + link_to("/curate/table.toml", "table.toml"));
  return html_page(visit, visitor.word("curate.agreement"), body);
}

}  // namespace

std::vector<Route> agreement_routes() {
  return {{"GET", "/curate/agreement", Role::viewer, Route::Who::people, &show_agreement}};
}

}  // namespace evenray
