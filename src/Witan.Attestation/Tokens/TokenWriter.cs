using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Writes the claims of an attestation result in the names of its profile.</summary>
internal static class TokenWriter
{
    public static byte[] Write(AttestationResult result)
    {
        EarNames names = EarNames.Of(result.Profile);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("eat_profile", names.Tag);
            writer.WriteString("iss", result.Issuer);
            writer.WriteString("aud", result.Audience);
            writer.WriteNumber("iat", result.IssuedAt.ToUnixTimeSeconds());
            if (result.ExpiresAt is { } expiry)
                writer.WriteNumber("exp", expiry.ToUnixTimeSeconds());
            writer.WriteString("eat_nonce", Base64Url.EncodeToString(result.Nonce.Span));
            writer.WriteStartObject(names.VerifierId);
            writer.WriteString("developer", result.Developer);
            writer.WriteString("build", result.Build);
            writer.WriteEndObject();
            writer.WriteStartObject("submods");
            foreach (SubmoduleResult submodule in result.Submodules)
                Write(writer, submodule, names);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, SubmoduleResult submodule, EarNames names)
    {
        writer.WriteStartObject(submodule.Label);
        writer.WriteString(names.Status, StatusText(submodule.Status));
        writer.WriteStartObject(names.Vector);
        foreach ((string name, sbyte? value) in submodule.Vector.Members)
        {
            if (value is { } claimed)
                writer.WriteNumber(name, claimed);
        }

        writer.WriteEndObject();
        if (names.Profile == EarProfile.Veraison2023)
        {
            writer.WriteString(names.Policy, string.Join(' ', submodule.PolicyIds));
        }
        else
        {
            writer.WriteStartArray(names.Policy);
            foreach (string policy in submodule.PolicyIds)
                writer.WriteStringValue(policy);
            writer.WriteEndArray();
        }

        if (!submodule.AttestedKey.IsEmpty)
        {
            writer.WriteStartObject(names.KeyAttestation);
            writer.WriteString("akpub", Base64Url.EncodeToString(submodule.AttestedKey.Span));
            writer.WriteEndObject();
        }

        if (submodule.Appraisal is { } claim)
            AppraisalClaimJson.Write(writer, claim);
        writer.WriteEndObject();
    }

    public static string StatusText(EarStatus status) => status switch
    {
        EarStatus.Affirming => "affirming",
        EarStatus.Warning => "warning",
        EarStatus.Contraindicated => "contraindicated",
        _ => "none",
    };
}
