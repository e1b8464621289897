// SPDX-License-Identifier: Apache-2.0
#include "study/report_writer.hpp"

#include "core/text.hpp"

namespace evenray {
namespace {

/// Limit for all images of a page together, before base64.
constexpr size_t kMaxImageBytes = 1'100'000;

/// Returns a text that begins a line as it is: no heading, list or quotation.
std::string line_of(const std::string& text) {
  const bool mark = text.find_first_of("#>+-=") == 0;
  return (mark ? "\\" : "") + markdown_line(text);
}

std::string table_line(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const auto& cell : cells) out += cat(" ", markdown_line(cell), " |");
  return out + "\n";
}

}  // namespace

HtmlReport::HtmlReport(const ReportHead& head, const Path& folder)
    : folder_(folder), page_(head.title, head.answer, head.measured_on) {}

void HtmlReport::section(const std::string& heading) { page_.section(heading); }
void HtmlReport::paragraph(const std::string& text) { page_.paragraph(text); }
void HtmlReport::list(const std::vector<std::string>& items) { page_.list(items); }
void HtmlReport::table(const HtmlTable& table) { page_.table(table); }

void HtmlReport::charts(const std::vector<HtmlFigure>& figures) {
  if (figures.size() == 1) {
    page_.figure(figures[0].markup, figures[0].caption);
  } else if (!figures.empty()) {
    page_.figures(figures);
  }
}

void HtmlReport::image(const std::string& relative_path,
                       const std::string& alt,
                       const std::string& caption) {
  const Path path = folder_ / relative_path;
  if (!std::filesystem::exists(path)) return;
  const auto bytes = std::filesystem::file_size(path);
  if (image_bytes_ + bytes > kMaxImageBytes) {
    page_.paragraph(cat("Not shown, to keep this page small: ", relative_path, " (", alt, ")."));
    return;
  }
  image_bytes_ += bytes;
  page_.figure(png_image(read_file(path), alt), caption);
}

void HtmlReport::details(const std::string& summary, const std::string& preformatted) {
  page_.details(summary, preformatted);
}

std::string HtmlReport::text() const { return page_.text(); }

MarkdownReport::MarkdownReport(const ReportHead& head, const Path& folder) : folder_(folder) {
  text_ = cat("# ", markdown_line(head.title), "\n\n**", markdown_line(head.answer), "**\n");
  paragraph(head.measured_on);
}

void MarkdownReport::section(const std::string& heading) {
  text_ += cat("\n## ", markdown_line(heading), "\n");
}

void MarkdownReport::paragraph(const std::string& text) { text_ += cat("\n", line_of(text), "\n"); }

void MarkdownReport::list(const std::vector<std::string>& items) {
  if (items.empty()) return;
  text_ += "\n";
  for (const auto& item : items) text_ += cat("- ", line_of(item), "\n");
}

void MarkdownReport::table(const HtmlTable& table) {
  if (!table.caption.empty()) paragraph(table.caption);
  std::string rule = "|";
  for (size_t i = 0; i < table.head.size(); ++i) {
    const bool numeric = table.numeric.empty() ? i > 0 : table.numeric[i];
    rule += numeric ? " ---: |" : " --- |";
  }
  text_ += cat("\n", table_line(table.head), rule, "\n");
  for (const auto& row : table.rows) text_ += table_line(row);
}

void MarkdownReport::image(const std::string& relative_path,
                           const std::string& alt,
                           const std::string& caption) {
  if (!std::filesystem::exists(folder_ / relative_path)) return;
  text_ += cat("\n![", markdown_line(alt), "](<", relative_path, ">)\n");
  paragraph(caption);
}

void MarkdownReport::details(const std::string& summary, const std::string& preformatted) {
  paragraph(summary + ":");
  std::string fence = "```";
  while (preformatted.find(fence) != std::string::npos) fence += '`';
  text_ +=
      cat("\n", fence, "\n", preformatted, preformatted.ends_with('\n') ? "" : "\n", fence, "\n");
}

std::string MarkdownReport::text() const {
  return text_ + "\nMade by evenray. For research; not a medical device.\n";
}

}  // namespace evenray
