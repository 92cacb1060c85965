using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Collateral as it is exchanged: one JSON object with revocation lists, issuer chains and the signed texts, byte for byte.
/// Nothing in it is trusted before <see cref="CollateralVerifier"/> has said so.
/// </summary>
public sealed class Collateral
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumSize = 16 << 20;

    private Collateral()
    {
    }

    /// <summary>PEM: the PCK CA and the root.</summary>
    public required ReadOnlyMemory<byte> PckCrlIssuerChain { get; init; }

    /// <summary>DER.</summary>
    public required ReadOnlyMemory<byte> RootCaCrl { get; init; }

    /// <summary>DER.</summary>
    public required ReadOnlyMemory<byte> PckCrl { get; init; }

    /// <summary>PEM: the TCB signing certificate and the root.</summary>
    public required ReadOnlyMemory<byte> TcbInfoIssuerChain { get; init; }

    /// <summary>The signed text, without its envelope.</summary>
    public required ReadOnlyMemory<byte> TcbInfo { get; init; }

    /// <summary>r ‖ s over the text.</summary>
    public required ReadOnlyMemory<byte> TcbInfoSignature { get; init; }

    /// <summary>PEM: the TCB signing certificate and the root.</summary>
    public required ReadOnlyMemory<byte> QeIdentityIssuerChain { get; init; }

    /// <summary>The signed text, without its envelope.</summary>
    public required ReadOnlyMemory<byte> QeIdentity { get; init; }

    /// <summary>r ‖ s over the text.</summary>
    public required ReadOnlyMemory<byte> QeIdentitySignature { get; init; }

    /// <summary>PEM: leaf, intermediate, root of the PCK; empty where the quote carries them.</summary>
    public ReadOnlyMemory<byte> PckCertificateChain { get; init; }

    /// <summary>Reads the exchanged shape. On false the refusal names the member; a missing one makes the outcome undecided.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out Collateral? collateral, [NotNullWhen(false)] out Finding? refusal)
    {
        collateral = null;
        if (json.Length > MaximumSize)
        {
            refusal = Refuse("COLLATERAL_TOO_LARGE", $"the collateral has {json.Length} bytes; at most {MaximumSize} are read");
            return false;
        }

        try
        {
            using JsonDocument document = SignedJson.Parse(json);
            collateral = Read(document.RootElement);
            refusal = null;
            return true;
        }
        catch (MissingMemberException e)
        {
            refusal = Refuse("COLLATERAL_MISSING", $"the collateral has no {e.Message}") with { Severity = FindingSeverity.Undecided };
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            refusal = Refuse("COLLATERAL_FORMAT", $"the collateral cannot be read: {e.Message}");
        }

        return false;
    }

    private static Collateral Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object");
        (ReadOnlyMemory<byte> tcbInfo, byte[]? tcbSignature) = SignedText(root, "tcb_info", "tcbInfo");
        (ReadOnlyMemory<byte> identity, byte[]? identitySignature) = SignedText(root, "qe_identity", "enclaveIdentity");
        return new Collateral
        {
            PckCrlIssuerChain = Utf8(root, "pck_crl_issuer_chain"),
            RootCaCrl = Binary(root, "root_ca_crl"),
            PckCrl = Binary(root, "pck_crl"),
            TcbInfoIssuerChain = Utf8(root, "tcb_info_issuer_chain"),
            TcbInfo = tcbInfo,
            TcbInfoSignature = tcbSignature ?? Binary(root, "tcb_info_signature"),
            QeIdentityIssuerChain = Utf8(root, "qe_identity_issuer_chain"),
            QeIdentity = identity,
            QeIdentitySignature = identitySignature ?? Binary(root, "qe_identity_signature"),
            PckCertificateChain = root.TryGetProperty("pck_certificate_chain", out JsonElement chain) && chain.ValueKind == JsonValueKind.String
                ? Utf8(root, "pck_certificate_chain")
                : default,
        };
    }

    private static JsonElement Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : throw new MissingMemberException(name);

    private static byte[] Utf8(JsonElement root, string name) => Member(root, name) is { ValueKind: JsonValueKind.String } value
        ? Encoding.UTF8.GetBytes(value.GetString()!)
        : throw new FormatException($"member {name} is no string");

    // Signed text stands as a string; some exports keep the envelope {"tcbInfo":…,"signature":…} around it.
    private static (ReadOnlyMemory<byte> Text, byte[]? Signature) SignedText(JsonElement root, string name, string inner)
    {
        byte[] text = Utf8(root, name);
        using JsonDocument document = SignedJson.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(inner, out _))
            return (text, null);
        var reader = new Utf8JsonReader(text);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool wanted = reader.ValueTextEquals(inner);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (wanted)
                return (text.AsMemory(start, (int)reader.BytesConsumed - start), SignedJson.Hex(document.RootElement, "signature", 64));
        }

        throw new FormatException($"member {name} has no {inner}");
    }

    // Hexadecimal digits are the normal form; PEM, base64 and arrays of numbers occur.
    private static byte[] Binary(JsonElement root, string name)
    {
        JsonElement value = Member(root, name);
        if (value.ValueKind == JsonValueKind.Array)
            return [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetByte(out byte octet) ? octet : throw new FormatException($"member {name} is no array of bytes"))];
        if (value.ValueKind != JsonValueKind.String)
            throw new FormatException($"member {name} is no string");
        string text = value.GetString()!.TrimEnd('\0', '\n', '\r');
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        if (System.Security.Cryptography.PemEncoding.TryFind(text, out System.Security.Cryptography.PemFields fields))
            text = text[fields.Base64Data];
        byte[] result = new byte[text.Length];
        return Convert.TryFromBase64String(text, result, out int written)
            ? result[..written]
            : throw new FormatException($"member {name} is neither hexadecimal, PEM nor base64");
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "collateral",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral for this platform again.",
    };
}
