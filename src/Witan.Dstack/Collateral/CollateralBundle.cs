using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>Writes collateral in the exchanged shape: one JSON object of strings, signed texts byte for byte.</summary>
public static class CollateralBundle
{
    // Chains and signed texts are full of quotes and plus signs; the file is read by people too.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes collateral. <paramref name="pckCertificateChain"/> (PEM: leaf, intermediate, root) goes along for quotes that carry
    /// none; where it is empty, the collateral's own is kept.
    /// </summary>
    public static byte[] Write(Collateral collateral, ReadOnlySpan<byte> pckCertificateChain = default)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("pck_crl_issuer_chain", collateral.PckCrlIssuerChain.Span);
            json.WriteString("root_ca_crl", Convert.ToHexStringLower(collateral.RootCaCrl.Span));
            json.WriteString("pck_crl", Convert.ToHexStringLower(collateral.PckCrl.Span));
            json.WriteString("tcb_info_issuer_chain", collateral.TcbInfoIssuerChain.Span);
            json.WriteString("tcb_info", collateral.TcbInfo.Span);
            json.WriteString("tcb_info_signature", Convert.ToHexStringLower(collateral.TcbInfoSignature.Span));
            json.WriteString("qe_identity_issuer_chain", collateral.QeIdentityIssuerChain.Span);
            json.WriteString("qe_identity", collateral.QeIdentity.Span);
            json.WriteString("qe_identity_signature", Convert.ToHexStringLower(collateral.QeIdentitySignature.Span));
            ReadOnlySpan<byte> chain = pckCertificateChain.IsEmpty ? collateral.PckCertificateChain.Span : pckCertificateChain;
            if (!chain.IsEmpty)
                json.WriteString("pck_certificate_chain", chain.TrimEnd((byte)0));
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Makes one object of what a server sent. TCB info and QE identity still stand in their envelopes.</summary>
    internal static bool TryAssemble(ServedDocuments served, out Collateral? collateral, out Finding? refusal)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("pck_crl_issuer_chain", served.PckCrl.IssuerChain);
            json.WriteString("root_ca_crl", Convert.ToHexString(served.RootCrl));
            json.WriteString("pck_crl", Convert.ToHexString(served.PckCrl.Body));
            json.WriteString("tcb_info_issuer_chain", served.TcbInfo.IssuerChain);
            json.WriteString("tcb_info", Encoding.UTF8.GetString(served.TcbInfo.Body));
            json.WriteString("qe_identity_issuer_chain", served.QeIdentity.IssuerChain);
            json.WriteString("qe_identity", Encoding.UTF8.GetString(served.QeIdentity.Body));
            json.WriteEndObject();
        }

        return Collateral.TryParse(stream.ToArray(), out collateral, out refusal);
    }
}
