using System.Text.Json.Serialization;

namespace Witan.Worker.Signers;

/// <summary>What became of the question whether the key that signed an answer is a TEE's. Stable names, in the order of the checks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignerStanding>))]
public enum SignerStanding
{
    /// <summary>The key is bound by a genuine quote that the policy accepts, over a nonce of this worker.</summary>
    Attested,

    /// <summary>There is no collateral to judge the provider's evidence with.</summary>
    NoCollateral,

    /// <summary>The provider gave no report: no connection, or an error status.</summary>
    ReportUnreachable,

    /// <summary>The provider gave no whole report in time.</summary>
    ReportTimeout,

    /// <summary>The report is longer than what is read.</summary>
    ReportTooLong,

    /// <summary>The report is not of the documented form.</summary>
    ReportGarbage,

    /// <summary>The report has nothing about the signer.</summary>
    NoCandidate,

    /// <summary>The report has several attestations of the signer; which one counts is not guessed.</summary>
    SeveralCandidates,

    /// <summary>The attestation answers another nonce than the one sent.</summary>
    NonceMismatch,

    /// <summary>The quote is malformed, or not genuine.</summary>
    QuoteInvalid,

    /// <summary>It could not be decided whether the quote is genuine and good enough; nothing speaks against it.</summary>
    Undecided,

    /// <summary>The TD is in debug mode: its memory can be read.</summary>
    Debug,

    /// <summary>The quote is genuine, and the worker's policy does not accept the platform.</summary>
    PolicyRefused,

    /// <summary>The report data do not bind the nonce.</summary>
    NonceNotBound,

    /// <summary>The report data do not bind the signing key.</summary>
    SignerNotBound,

    /// <summary>The report data beside the quote are not those in it.</summary>
    ReportDataCopy,

    /// <summary>The event log does not replay to the quoted registers, or contradicts itself.</summary>
    EventLogMismatch,

    /// <summary>The quote's configuration id is not that of the app-compose file shown.</summary>
    ComposeMismatch,

    /// <summary>The app-compose file is not one that this worker's owner listed.</summary>
    ComposeNotListed,

    /// <summary>The evidence of the GPU answers another nonce than the one sent.</summary>
    GpuNonceMismatch,
}
