using Witan.Attestation;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L01, L02 and the image half of L03: which bytes run must follow from the measured text.</summary>
internal static class ImageRules
{
    public static IEnumerable<ComposeFinding> Check(ComposeDocument document, ComposeCheckOptions options)
    {
        foreach (ComposeService service in document.Services)
        {
            if (service.Effective.Find("build") is { } build)
            {
                yield return Found.Error(
                    "L02", "COMPOSE_BUILD", build.Key, $"service \"{service.Name}\" is to be built",
                    "only the text of this file is shipped: there is nothing to build from in a CVM.",
                    "build and push the image, and write: image: NAME@sha256:DIGEST").In(service);
            }

            if (service.Effective.Find("image") is { Value: YamlScalar image })
            {
                if (Pinning(service, image, options.Strict) is { } pinning)
                    yield return pinning.In(service);
                if (ImageReference.Parse(image.Value).IsForeign)
                {
                    yield return Found.Error(
                        "L03", "COMPOSE_IMAGE_FOREIGN", image, $"image {image.Value} is for another architecture than amd64",
                        "it ends with \"exec format error\".", "take the linux/amd64 image").In(service);
                }
            }
            else if (service.Effective.Find("build") is null)
            {
                yield return Found.Error(
                    "L01", "COMPOSE_IMAGE_MISSING", service.Key, $"service \"{service.Name}\" has no image",
                    null, "write: image: NAME@sha256:DIGEST").In(service);
            }
        }
    }

    private static ComposeFinding? Pinning(ComposeService service, YamlScalar image, bool strict)
    {
        ImageReference reference = ImageReference.Parse(image.Value);
        if (reference.IsPlaceholder)
        {
            return Found.Note(
                "W05", "COMPOSE_PLACEHOLDER", image, $"image of \"{service.Name}\" has zeros for a digest",
                "no image has this digest: the file is a template.", "build the images with eng/images.sh, and deploy the file that it writes");
        }

        if (reference.IsPinned)
            return null;
        const string why = "the compose hash covers this text and not the image behind a tag, so evidence cannot say which code ran.";
        const string remedy = "write the digest: image: NAME@sha256:DIGEST";
        if (reference.Digest is not null)
        {
            return Found.Error(
                "L01", "COMPOSE_IMAGE_DIGEST_MALFORMED", image, $"image of \"{service.Name}\" has a digest that is not sha256: and 64 digits",
                "the image cannot be pulled.", remedy);
        }

        if (image.Value.Contains('$', StringComparison.Ordinal))
        {
            return Found.Warning(
                "L01", "COMPOSE_IMAGE_VARIABLE", image, $"image of \"{service.Name}\" comes from a variable", why, remedy);
        }

        bool floating = reference.Tag is null or "latest";
        string what = reference.Tag is null ? "no tag and no digest" : $"tag :{reference.Tag} and no digest";
        return Found.Make(
            "L01", floating ? "COMPOSE_IMAGE_LATEST" : "COMPOSE_IMAGE_UNPINNED",
            floating && strict ? FindingSeverity.Error : FindingSeverity.Warning,
            image.Start, $"image {image.Value} has {what}", why, remedy);
    }
}
