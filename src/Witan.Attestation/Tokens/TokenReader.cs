using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Reads the claims of an attestation result. The profile decides the names; a name of the other profile refuses the token, and a
/// claim that is not known is passed over, as the format demands.
/// </summary>
internal static class TokenReader
{
    private const int MaximumSubmodules = 64;

    /// <summary>The claims. Throws <see cref="JsonException"/> and <see cref="FormatException"/>.</summary>
    public static AttestationResult Read(ReadOnlyMemory<byte> payload)
    {
        using JsonDocument document = SignedJson.Parse(payload);
        JsonElement root = document.RootElement;
        string profile = SignedJson.Text(root, "eat_profile");
        EarNames names = EarNames.Of(profile) ?? throw new FormatException($"profile {profile} is not known");
        RefuseForeign(root, names);
        JsonElement verifier = SignedJson.Member(root, names.VerifierId);
        JsonElement submodules = SignedJson.Member(root, "submods");
        if (submodules.ValueKind != JsonValueKind.Object)
            throw new FormatException("member submods is no object");
        SubmoduleResult[] results = [.. submodules.EnumerateObject().Take(MaximumSubmodules + 1).Select(item => Submodule(item.Name, item.Value, names))];
        if (results.Length is 0 or > MaximumSubmodules)
            throw new FormatException($"there are none or more than {MaximumSubmodules} submodules");
        return new AttestationResult
        {
            Profile = names.Profile,
            Issuer = root.TryGetProperty("iss", out _) ? SignedJson.Text(root, "iss") : "",
            Developer = SignedJson.Text(verifier, "developer"),
            Build = SignedJson.Text(verifier, "build"),
            Audience = root.TryGetProperty("aud", out _) ? SignedJson.Text(root, "aud") : "",
            Nonce = root.TryGetProperty("eat_nonce", out _) ? Nonce(SignedJson.Text(root, "eat_nonce")) : default,
            IssuedAt = Time(root, "iat"),
            ExpiresAt = root.TryGetProperty("exp", out _) ? Time(root, "exp") : null,
            Submodules = results,
        };
    }

    private static SubmoduleResult Submodule(string label, JsonElement map, EarNames names)
    {
        if (map.ValueKind != JsonValueKind.Object)
            throw new FormatException($"submodule {label} is no object");
        RefuseForeign(map, names);
        string text = SignedJson.Text(map, names.Status);
        EarStatus status = Enum.GetValues<EarStatus>().Cast<EarStatus?>().FirstOrDefault(value => TokenWriter.StatusText(value!.Value) == text)
            ?? throw new FormatException($"status {text} is not known");
        TrustworthinessVector vector = map.TryGetProperty(names.Vector, out JsonElement claims) ? Vector(claims) : new TrustworthinessVector();
        if (status < vector.Worst && status != EarStatus.None)
            throw new FormatException($"submodule {label} has status {text}, which is better than its worst claim");
        return new SubmoduleResult(
            label,
            status,
            vector,
            Policies(map, names),
            map.TryGetProperty(names.KeyAttestation, out JsonElement key) ? StrictText.Base64Url(SignedJson.Text(key, "akpub")) ?? throw new FormatException("member akpub is no base64url") : default(ReadOnlyMemory<byte>),
            map.TryGetProperty(EarNames.Extension, out JsonElement ours) ? AppraisalClaimJson.Read(ours) : null);
    }

    private static void RefuseForeign(JsonElement map, EarNames names)
    {
        if (map.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object");
        foreach (JsonProperty member in map.EnumerateObject())
        {
            if (names.IsForeign(member.Name))
                throw new FormatException($"member {member.Name} is of another profile than {names.Tag}");
        }
    }

    private static string[] Policies(JsonElement map, EarNames names)
    {
        if (!map.TryGetProperty(names.Policy, out JsonElement value))
            return [];
        if (names.Profile == EarProfile.Veraison2023)
            return SignedJson.Text(map, names.Policy).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is > 0 and <= 64
            ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new FormatException("a policy id is no string"))]
            : throw new FormatException($"member {names.Policy} is no list of 1 to 64");
    }

    private static TrustworthinessVector Vector(JsonElement claims)
    {
        if (claims.ValueKind != JsonValueKind.Object)
            throw new FormatException("the trustworthiness vector is no object");
        return TrustworthinessVector.Of([.. TrustworthinessVector.Names.Select(name =>
            !claims.TryGetProperty(name, out JsonElement value) ? (sbyte?)null
            : value.ValueKind == JsonValueKind.Number && value.TryGetSByte(out sbyte claim) ? claim
            : throw new FormatException($"claim {name} is no signed byte"))]);
    }

    private static byte[] Nonce(string text) =>
        text.Length is >= 8 and <= 88 ? StrictText.Base64Url(text) ?? System.Text.Encoding.UTF8.GetBytes(text) : throw new FormatException("the nonce has fewer than 8 or more than 88 characters");

    private static DateTimeOffset Time(JsonElement root, string name) =>
        SignedJson.Member(root, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long seconds) && seconds is >= 0 and < 253402300800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new FormatException($"member {name} is no whole number of seconds");
}
