// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/page/html.hpp"

namespace evenray {

/// Collects the parts of a report, in order. report.html and report.md have the same text.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  virtual void section(const std::string& heading) = 0;
  virtual void paragraph(const std::string& text) = 0;
  virtual void list(const std::vector<std::string>& items) = 0;
  virtual void table(const HtmlTable& table) = 0;
  /// Returns true if charts() shows anything.
  virtual bool draws() const = 0;
  /// Adds charts, side by side if the page is wide enough. Markdown shows only the tables.
  virtual void charts(const std::vector<HtmlFigure>& figures) = 0;
  /// Adds a PNG file of the study folder; nothing if the file does not exist.
  virtual void image(const std::string& relative_path,
                     const std::string& alt,
                     const std::string& caption) = 0;
  /// Adds a block of preformatted text that can be folded away.
  virtual void details(const std::string& summary, const std::string& preformatted) = 0;
  /// Returns the whole report.
  virtual std::string text() const = 0;
};

/// The head of a report.
struct ReportHead {
  std::string title, answer, measured_on;
};

/// Embeds images as long as the page stays small. For further images it states only the path.
class HtmlReport : public ReportWriter {
 public:
  HtmlReport(const ReportHead& head, const Path& folder);
  void section(const std::string& heading) override;
  void paragraph(const std::string& text) override;
  void list(const std::vector<std::string>& items) override;
  void table(const HtmlTable& table) override;
  bool draws() const override { return true; }
  void charts(const std::vector<HtmlFigure>& figures) override;
  void image(const std::string& relative_path,
             const std::string& alt,
             const std::string& caption) override;
  void details(const std::string& summary, const std::string& preformatted) override;
  std::string text() const override;

 private:
  Path folder_;
  HtmlPage page_;
  size_t image_bytes_ = 0;
};

class MarkdownReport : public ReportWriter {
 public:
  MarkdownReport(const ReportHead& head, const Path& folder);
  void section(const std::string& heading) override;
  void paragraph(const std::string& text) override;
  void list(const std::vector<std::string>& items) override;
  void table(const HtmlTable& table) override;
  bool draws() const override { return false; }
  void charts(const std::vector<HtmlFigure>&) override {}
  void image(const std::string& relative_path,
             const std::string& alt,
             const std::string& caption) override;
  void details(const std::string& summary, const std::string& preformatted) override;
  std::string text() const override;

 private:
  Path folder_;
  std::string text_;
};

}  // namespace evenray
