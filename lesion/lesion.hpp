// SPDX-License-Identifier: Apache-2.0
#pragma once
// The lesion room pastes lesions into images that have none, so that a detector sees more of them.
// A lesion is cut with its surroundings (collection.hpp, cut.hpp), a place is sought in an image of
// the same region and view where brightness, gradient and edge direction are alike (texture.hpp),
// and it is blended into it (blend.hpp, harmonic.hpp). LesionSource (source.hpp) does this for
// `balance`; seam.hpp tests whether the paste shows; preview.hpp draws sheets. Read options.hpp
// first. Only generator.cpp and seam_judgement.cpp use rooms with torch.
#include "augment/sources.hpp"
#include "lesion/options.hpp"
#include "lesion/source.hpp"

namespace evenray {

struct Compute;

/// Returns the kinds of source_kinds() (gan/gan.hpp) and "lesion:real", "lesion:residual",
/// "lesion:identity", "lesion:healthy" and "lesion:PATH", where PATH is a run folder or checkpoint
/// of a generator that was trained on a store of patches (data.patches). Making one throws 65 as
/// Collection() does, and for a generator as "gan:PATH" does, except that its images may have any
/// size and range.
SourceKinds every_source_kind(const LesionOptions& options, const Compute& compute);
/// The same for names only: the sources are made with the default options, on the CPU.
SourceKinds every_source_kind();

/// Makes one source from its name, "lesion:...". Throws 2 for another name.
std::shared_ptr<LesionSource> make_lesion_source(const std::string& name,
                                                 const SourceContext& context,
                                                 const LesionOptions& options,
                                                 const Compute& compute);

}  // namespace evenray
