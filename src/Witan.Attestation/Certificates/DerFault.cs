namespace Witan.Attestation;

/// <summary>Why something is not what its reader expects, in words for people.</summary>
internal static class DerFault
{
    /// <summary>Our own reasons are said; what the reader of DER says of tags and lengths helps nobody.</summary>
    public static string Reason(Exception fault) => fault is FormatException ? fault.Message : "it is no strict DER";
}
