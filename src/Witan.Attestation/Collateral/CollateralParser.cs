using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads the exchanged JSON object of collateral, in the variants that occur. Throws what <see cref="Collateral"/> catches.</summary>
internal static class CollateralParser
{
    private static readonly byte[][] Names =
    [
        "pck_crl_issuer_chain"u8.ToArray(), "root_ca_crl"u8.ToArray(), "pck_crl"u8.ToArray(), "tcb_info_issuer_chain"u8.ToArray(), "tcb_info"u8.ToArray(),
        "tcb_info_signature"u8.ToArray(), "qe_identity_issuer_chain"u8.ToArray(), "qe_identity"u8.ToArray(), "qe_identity_signature"u8.ToArray(),
        "pck_certificate_chain"u8.ToArray(),
    ];

    private const int TcbInfo = 4, QeIdentity = 7, PckChain = 9;

    public static Collateral Read(ReadOnlyMemory<byte> text)
    {
        var json = new StrictJson(text.Span);
        var members = new ReadOnlyMemory<byte>?[Names.Length];
        uint seen = 0;
        json.Open();
        while (json.Next(Names, ref seen, out int member))
        {
            // Typed: a bare null would become empty bytes, and a missing member a broken one.
            members[member] = json.IsNull ? default(ReadOnlyMemory<byte>?) : member switch
            {
                1 or 2 or TcbInfo + 1 or QeIdentity + 1 => Binary(ref json),
                _ => json.Utf8(),
            };
        }

        json.Close();
        // Some exports keep the envelope around a signed text, with its signature.
        Unwrap(members, TcbInfo, "tcbInfo");
        Unwrap(members, QeIdentity, "enclaveIdentity");
        for (int i = 0; i < PckChain; i++)
        {
            if (members[i] is null)
                throw new MissingMemberException(Encoding.UTF8.GetString(Names[i]));
        }

        return new Collateral
        {
            PckCrlIssuerChain = members[0]!.Value,
            RootCaCrl = members[1]!.Value,
            PckCrl = members[2]!.Value,
            TcbInfoIssuerChain = members[3]!.Value,
            TcbInfo = members[TcbInfo]!.Value,
            TcbInfoSignature = members[TcbInfo + 1]!.Value,
            QeIdentityIssuerChain = members[6]!.Value,
            QeIdentity = members[QeIdentity]!.Value,
            QeIdentitySignature = members[QeIdentity + 1]!.Value,
            PckCertificateChain = members[PckChain] ?? default,
        };
    }

    private static void Unwrap(ReadOnlyMemory<byte>?[] members, int at, string inner)
    {
        if (members[at] is not { } text || Open(text, inner, Names[at]) is not { } envelope)
            return;
        (members[at], members[at + 1]) = (envelope.Text, envelope.Signature);
    }

    // Offsets in the envelope are none of the file.
    private static (ReadOnlyMemory<byte> Text, ReadOnlyMemory<byte> Signature)? Open(ReadOnlyMemory<byte> text, string inner, byte[] member)
    {
        try
        {
            return SignedEnvelope.Open(text, inner);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new FormatException($"the envelope in member {Encoding.UTF8.GetString(member)}: {JsonPlace.Of(e, text.Span).Message}", e);
        }
    }

    // Hexadecimal digits are the normal form; PEM, base64 and arrays of numbers occur.
    private static ReadOnlyMemory<byte> Binary(ref StrictJson json)
    {
        if (json.IsArray)
            return json.Bytes();
        ReadOnlySpan<byte> text = json.Utf8().Span.TrimEnd("\0\r\n "u8);
        byte[] bytes = new byte[text.Length];
        if (text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done)
            return bytes.AsMemory(0, written);
        if (PemEncoding.TryFindUtf8(text, out PemFields fields))
            text = text[fields.Base64Data];
        return System.Buffers.Text.Base64.DecodeFromUtf8(text, bytes, out _, out written) == System.Buffers.OperationStatus.Done
            ? bytes.AsMemory(0, written)
            : throw json.Wrong($"member {json.Name} is neither hexadecimal, PEM nor base64");
    }
}
