// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_page.hpp"

#include <algorithm>
#include <tuple>

#include "augment/balance_report.hpp"
#include "core/number.hpp"
#include "core/page/chart.hpp"
#include "core/page/html.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"

namespace evenray {
namespace {

/// Longer side of an example on the page.
constexpr int kTilePx = 104;

/// The origins of rows, with the colours that the pages of generators give real and synthetic ones.
struct OriginPart {
  const char *key, *name;
  size_t colour;
};
constexpr std::array kOriginParts{OriginPart{"real", "real", 0},
                                  OriginPart{"copy", "copies", 1},
                                  OriginPart{"augmented", "augmented", 2},
                                  OriginPart{"synthetic", "synthetic", 4}};

/// Returns the class with the most or the fewest rows, of those that have rows.
std::string extreme_class(const Json& counts, bool most) {
  std::string found;
  int64_t best = 0;
  for (const auto& [name, by_origin] : counts.items()) {
    const int64_t rows = by_origin.at("total");
    if (rows > 0 && (found.empty() || (most ? rows > best : rows < best)))
      found = name, best = rows;
  }
  return found;
}

std::string imbalance_text(const Json& counts, double ratio) {
  return cat(number_text(ratio),
             " rows of ",
             extreme_class(counts, true),
             " for each row of ",
             extreme_class(counts, false));
}

std::string answer(const Json& balance) {
  const Json& imbalance = balance.at("imbalance");
  const double before = imbalance.at("before"), after = imbalance.at("after");
  const std::string was =
      before == 1 ? "Before, all classes had the same number of training rows"
                  : cat("Before, training had ", imbalance_text(balance.at("before"), before));
  return cat(was,
             "; now ",
             after == 1
                 ? "all classes have the same number" + std::string(before == 1 ? "" : " of rows")
                 : "it has " + imbalance_text(balance.at("after"), after),
             ".");
}

void add_labels(HtmlPage& page, const Json& labels) {
  page.paragraph(
      "An image may have several labels. A copied or augmented row counts for each label of its "
      "parent, so that a class may get more rows than its target. IRLbl: rows of the largest class "
      "per row of this one. MeanIR: their mean. SCUMBLE: 0 if rare labels occur alone, near 1 if "
      "they occur together with frequent ones, so that copies cannot balance them.");
  HtmlTable table;
  table.head = {"Class", "IRLbl before", "IRLbl after", "Target", "Rows above it"};
  table.numeric = {false, true, true, true, true};
  for (const auto& [name, entry] : labels.at("classes").items()) {
    const bool has_target = entry.contains("target");
    table.rows.push_back({name,
                          decimal_text(entry.at("irlbl_before"), 2),
                          decimal_text(entry.at("irlbl_after"), 2),
                          has_target ? count_text(entry.at("target").get<int64_t>()) : "-",
                          has_target ? count_text(entry.at("beyond").get<int64_t>()) : "-"});
  }
  for (const auto& [name, key, decimals] :
       {std::tuple{"MeanIR", "mean_ir", 2}, std::tuple{"SCUMBLE", "scumble", 3}})
    table.rows.push_back({name,
                          decimal_text(labels.at("before").at(key), decimals),
                          decimal_text(labels.at("after").at(key), decimals),
                          "",
                          ""});
  page.table(table);
}

void add_rows(HtmlPage& page, const Json& balance) {
  std::vector<BarPart> parts;
  for (const auto& part : kOriginParts) parts.push_back({part.name, part.colour});
  std::vector<StackedBar> bars;
  HtmlTable table;
  table.head = {"Class", "When", "Real", "Copies", "Augmented", "Synthetic", "Rows"};
  table.numeric = {false, false, true, true, true, true, true};
  for (const auto& [name, before] : balance.at("before").items()) {
    for (const bool done : {false, true}) {
      const Json& counts = done ? balance.at("after").at(name) : before;
      const std::string when = done ? "after" : "before";
      StackedBar bar{cat(name, ", ", when), {}};
      std::vector<std::string> cells{name, when};
      for (const auto& part : kOriginParts) {
        bar.values.push_back(counts.at(part.key));
        cells.push_back(count_text(counts.at(part.key).get<int64_t>()));
      }
      cells.push_back(count_text(counts.at("total").get<int64_t>()));
      bars.push_back(std::move(bar));
      table.rows.push_back(std::move(cells));
    }
  }
  page.section("Training rows");
  page.figure(
      stacked_bar_chart("Training rows by class and origin, before and after", "rows", parts, bars),
      "Rows that a classifier is trained on, before and after.");
  page.table(table);
  const Json& imbalance = balance.at("imbalance");
  page.paragraph(
      cat("Imbalance ratio (rows of the largest class per row of the smallest one that "
          "has rows): ",
          decimal_text(imbalance.at("before"), 2),
          " before, ",
          decimal_text(imbalance.at("after"), 2),
          " after."));
  page.paragraph(
      "Balancing adds rows, not patients: a copied or augmented row shows a patient who is there "
      "already, a synthetic one shows nobody. Validation and test images are unchanged, all real, "
      "and as imbalanced as before.");
  if (balance.contains("labels")) add_labels(page, balance.at("labels"));
}

HtmlTable source_table(const Json& balance) {
  HtmlTable table;
  table.caption =
      "Rows by share: as the shares of the sources alone divide the rows that the plan adds to the "
      "class.";
  table.head = {"Class", "Source", "Share asked", "Rows by share", "Rows added", "Share obtained"};
  table.numeric = {false, false, true, true, true, true};
  for (const auto& [name, before] : balance.at("before").items()) {
    double added = 0;
    for (const Json& source : balance.at("sources"))
      if (source.at("class") == name) added += source.at("accepted").get<double>();
    for (const Json& source : balance.at("sources")) {
      if (source.at("class") != name) continue;
      table.rows.push_back({name,
                            source.at("source"),
                            source.at("share") == 0 ? "-" : share_text(source.at("share")),
                            count_text(source.at("by_share").get<int64_t>()),
                            count_text(source.at("accepted").get<int64_t>()),
                            share_text(source.at("accepted").get<double>() / added)});
    }
    if (const int64_t more = rows_for_others(balance, name); more > 0)
      table.rows.push_back({name, "rows for other classes", "-", "-", count_text(more), "-"});
  }
  return table;
}

void add_sources(HtmlPage& page, const Json& balance) {
  page.section("Where the added rows come from");
  for (const Json& caution : balance.at("cautions"))
    page.paragraph(cat("Caution, ",
                       caution.at("source").get<std::string>(),
                       ": ",
                       caution.at("text").get<std::string>(),
                       ". Results on this set say little about better generators."));
  std::vector<std::string> limits;
  for (const Json& limit : balance.at("limits"))
    limits.push_back(
        cat(limit.at("class").get<std::string>(), ": ", limit.at("text").get<std::string>()));
  if (balance.at("sources").empty()) {
    page.paragraph("No row was added.");
  } else {
    page.table(source_table(balance));
    if (limits.empty()) page.paragraph("No limit applied: the rows are as planned.");
  }
  if (limits.empty()) return;
  page.paragraph("Why rows differ from the plan or the shares:");
  page.list(limits);
}

void add_uses(HtmlPage& page, const Json& balance) {
  const Json& multiplicity = balance.at("multiplicity");
  HtmlTable table;
  table.head = {"Class", "Real images", "Uses, median", "Uses, maximum"};
  for (const auto& [name, use] : multiplicity.at("classes").items())
    table.rows.push_back({name,
                          count_text(balance.at("after").at(name).at("real").get<int64_t>()),
                          count_text(use.at("median").get<int64_t>()),
                          count_text(use.at("max").get<int64_t>())});
  page.section("How often each real image is used");
  page.paragraph(
      "A real image is used once itself, and once for each copied or augmented row made from it. "
      "The more often the same few images are used, the easier a classifier memorises them. The "
      "setting balance.max_factor limits the rows made from one image.");
  page.table(table);
  std::vector<Bar> bars;
  for (const auto& [times, images] : multiplicity.at("histogram").items())
    bars.push_back({cat(times, times == "1" ? " use" : " uses"), images.get<double>(), 0});
  if (bars.size() > 1 && bars.size() <= 24)
    page.figure(bar_chart("Real images by their number of uses", "real images", bars),
                "Real images of all classes by their number of uses.");
}

HtmlTable gate_table(const Json& sources) {
  HtmlTable table;
  table.caption =
      "A rejected image is replaced by another draw. Share: of the images that the source drew.";
  table.head = {"Class", "Source", "Images", "Number", "Share"};
  table.numeric = {false, false, false, true, true};
  for (const Json& source : sources) {
    const int64_t tried = source.at("tried");
    const auto add = [&](const std::string& what, int64_t images) {
      table.rows.push_back({source.at("class"),
                            source.at("source"),
                            what,
                            count_text(images),
                            share_text(double(images) / double(tried))});
    };
    if (tried == 0 || source.at("source") == "copy") continue;
    add("drawn", tried);
    add("accepted", source.at("accepted"));
    for (const auto& [gate, reasons] : source.at("rejected").items())
      for (const auto& [reason, images] : reasons.items())
        add(cat("rejected by ", gate, ": ", reason), images);
  }
  return table;
}

std::vector<HtmlSheetRow> example_rows(const std::vector<GateExamples>& examples) {
  std::vector<cv::Mat> images;
  for (const auto& of : examples) images.insert(images.end(), of.shown.begin(), of.shown.end());
  images = in_one_window(std::move(images));
  std::vector<HtmlSheetRow> rows;
  size_t next = 0;
  for (const auto& of : examples) {
    const std::string what = of.gate.empty() ? cat("accepted, ", of.origin)
                                             : cat("rejected by ", of.gate, ": ", of.reason);
    HtmlSheetRow row{cat(what, " (", of.shown.size(), " of ", count_text(of.images), ")"), {}};
    for (size_t i = 0; i < of.shown.size(); ++i) {
      const cv::Mat& image = images[next++];
      const double scale = double(kTilePx) / std::max(image.cols, image.rows);
      row.images.push_back(png_image(encode_png(image),
                                     what,
                                     static_cast<int>(std::lround(image.cols * scale)),
                                     static_cast<int>(std::lround(image.rows * scale))));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_gates(HtmlPage& page, const BalanceRequest& request, const BalanceReport& report) {
  page.section("What the gates rejected");
  std::vector<std::string> names;
  for (const auto& gate : request.gates) names.push_back(gate->name());
  page.paragraph(cat("Gates: ",
                     names.empty() ? "none" : join(names),
                     ". Copies of real images are not checked; near-duplicate and memorised check "
                     "synthetic images only, lost-box augmented ones only."));
  if (report.examples.empty()) return page.paragraph("No image was checked.");
  if (report.json.at("rejected").empty())
    page.paragraph("All images that were checked were accepted.");
  page.table(gate_table(report.json.at("sources")));
  page.sheet(example_rows(report.examples),
             "Examples, chosen at random from all accepted images and from all rejected images of "
             "each reason.");
}

}  // namespace

std::string balance_html(const BalanceRequest& request, const BalanceReport& report) {
  const StoreInfo& info = request.in.info();
  HtmlPage page(cat("Balanced set ", request.out.filename().string()),
                answer(report.json),
                cat("Made from ",
                    request.in.path().filename().string(),
                    " (",
                    info.source.empty() ? "source not stated" : info.source,
                    "), ",
                    info.height,
                    " \u00d7 ",
                    info.width,
                    " px (height \u00d7 width). Strategy ",
                    request.options.strategy,
                    ", seed ",
                    request.seed,
                    "."));
  add_rows(page, report.json);
  add_sources(page, report.json);
  add_uses(page, report.json);
  add_gates(page, request, report);
  page.section("Settings");
  page.details("All settings (TOML)", request.settings);
  return page.text();
}

Path balance_page_path(const Path& store) {
  Path at = store;
  return at.replace_extension(".balance.html");
}

}  // namespace evenray
