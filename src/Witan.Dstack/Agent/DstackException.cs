namespace Witan.Dstack;

/// <summary>The guest agent could not be used. The subclasses say what a caller can do about it; no message holds a secret.</summary>
public class DstackException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Nobody answered: no socket, a refused or broken connection, an answer cut short, a timeout. Trying again may help.</summary>
public sealed class DstackUnavailableException(string message, Exception? inner = null) : DstackException(message, inner);

/// <summary>The agent refused the request. Trying again gives the same answer.</summary>
public sealed class DstackRefusedException(string method, string reason, int status) : DstackException($"{method}: {reason}")
{
    /// <summary>The agent's own words, such as <c>Unsupported algorithm</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>The HTTP status: 400 for every error of the agent, 404 for a route that it has not.</summary>
    public int Status { get; } = status;
}

/// <summary>What answered is no guest agent, or not one of a known version: the answer is not as specified, or too large.</summary>
public sealed class DstackProtocolException(string message, Exception? inner = null) : DstackException(message, inner);

/// <summary>The guest's OS is too old, or too new, for the call. Only another OS image helps.</summary>
public sealed class DstackVersionException(string message, Exception? inner = null) : DstackException(message, inner);
