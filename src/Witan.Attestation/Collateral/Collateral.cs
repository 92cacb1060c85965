using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Reads the exchanged shape. On false the refusal names the member and, where there is one, the offset.</summary>
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
            collateral = CollateralParser.Read(json);
            refusal = null;
            return true;
        }
        catch (MissingMemberException e)
        {
            refusal = Refuse("COLLATERAL_MISSING", $"the collateral has no {e.Message}") with { Severity = FindingSeverity.Undecided };
        }
        // A string that is no text, a lone surrogate or broken UTF-8, is noticed only when it is read.
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            (string message, int? offset) = JsonPlace.Of(e, json.Span);
            refusal = Refuse("COLLATERAL_FORMAT", $"the collateral cannot be read: {message}") with { Offset = offset };
        }

        return false;
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "collateral",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral for this platform again.",
    };
}
