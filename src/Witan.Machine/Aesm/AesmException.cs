namespace Witan.Machine;

/// <summary>AESM could not be asked, or did not answer as it should.</summary>
/// <param name="reason">An errno name, or <c>timeout</c>, <c>closed</c>, <c>oversized</c>, <c>malformed</c>, <c>other-operation</c>.</param>
/// <param name="connected">Whether the connection was made.</param>
internal sealed class AesmException(string reason, bool connected) : Exception($"AESM: {reason}")
{
    public string Reason { get; } = reason;

    public bool Connected { get; } = connected;
}
