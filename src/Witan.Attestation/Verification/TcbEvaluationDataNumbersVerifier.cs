using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Is a list of TCB evaluation data numbers Intel's, and is it fresh?</summary>
public static class TcbEvaluationDataNumbersVerifier
{
    /// <summary>
    /// Verifies a list as the service sends it, <c>{"tcbEvaluationDataNumbers":{…},"signature":"…"}</c>, with the issuer chain of its header
    /// in PEM. The trust root and its revocation list are those of verified collateral.
    /// </summary>
    public static TcbEvaluationDataNumbersVerification Verify(
        ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> issuerChain, TrustedCollateral collateral, DateTimeOffset at)
    {
        var findings = new FindingList();
        TcbEvaluationDataNumbers? numbers = Check(envelope, issuerChain, collateral, at, findings);
        return new TcbEvaluationDataNumbersVerification(findings.HasErrors ? null : numbers, findings.All);
    }

    private static TcbEvaluationDataNumbers? Check(
        ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> issuerChain, TrustedCollateral collateral, DateTimeOffset at, FindingList findings)
    {
        const string Subject = "TCB evaluation data numbers", Refetch = "Fetch the list again.";
        if (envelope.Length > TcbEvaluationDataNumbersParser.MaximumSize)
        {
            findings.Add(TcbEvaluationDataNumbersParser.Refuse("COLLATERAL_TOO_LARGE", $"a list of {envelope.Length} bytes; at most {TcbEvaluationDataNumbersParser.MaximumSize} are read"));
            return null;
        }

        if (SigningChain.Verify(issuerChain.Span, collateral.Root, $"{Subject} issuer chain", "TCB_SIGNING_CERT", findings) is not { } chain)
            return null;
        if (collateral.RootCrl.Lists(chain.Leaf))
            findings.Fail("TCB_SIGNING_CERT_REVOKED", "TCB signing certificate", "the TCB signing certificate is revoked", FindingActor.VerifierOperator, Refetch);
        if (Open(envelope) is not { } signed)
        {
            findings.Add(TcbEvaluationDataNumbersParser.Refuse("EVALUATION_NUMBERS_FORMAT", "it is no object with tcbEvaluationDataNumbers and a signature of 128 hexadecimal digits"));
            return null;
        }

        if (TcbEvaluationDataNumbersParser.Parse(signed.Text, out TcbEvaluationDataNumbers? numbers) is { } problem)
            findings.Add(problem);
        if (!chain.LeafKey.Verify(signed.Text.Span, signed.Signature.Span))
            findings.Fail("EVALUATION_NUMBERS_SIGNATURE_INVALID", Subject, "the signature on the list does not verify", FindingActor.VerifierOperator, Refetch);
        if (numbers is null)
            return null;
        foreach (Window window in chain.Windows("TCB_SIGNING_CERT", "TCB_SIGNING_CERT")
            .Append(new Window(Subject, numbers.IssueDate, numbers.NextUpdate, "EVALUATION_NUMBERS_EXPIRED", "EVALUATION_NUMBERS_NOT_YET_VALID")))
        {
            if (window.Outside(at) is { } outside)
                findings.Stale(outside.Code, window.Document, outside.Message);
        }

        return numbers;
    }

    private static (ReadOnlyMemory<byte> Text, ReadOnlyMemory<byte> Signature)? Open(ReadOnlyMemory<byte> envelope)
    {
        try
        {
            return SignedEnvelope.Open(envelope, TcbEvaluationDataNumbersParser.Inner);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
