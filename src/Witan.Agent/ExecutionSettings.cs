using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>A setting that does not hold together; ends the program at start with one line and a hint.</summary>
public sealed class SettingException(string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to do about it.</summary>
    public string? Hint { get; } = hint;
}

/// <summary>What stands behind an agent, decided once at start and guarded so that LOCAL_MODE is never mistaken for production.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Socket">The guest agent's socket; null in LOCAL_MODE.</param>
public sealed record ExecutionSettings(ExecutionMode Mode, string? Socket)
{
    /// <summary>
    /// Resolves the mode. <paramref name="localMode"/> is the value of LOCAL_MODE: exactly <c>true</c> turns it on.
    /// <paramref name="simulated"/> says that a development root is trusted. Throws <see cref="SettingException"/> where a guard
    /// refuses.
    /// </summary>
    public static ExecutionSettings Resolve(string? localMode, bool simulated, string? socket, string listen, string target)
    {
        if (localMode != "true")
        {
            string? found = socket ?? DstackEndpoint.Paths.FirstOrDefault(File.Exists);
            return found is not null && File.Exists(found)
                ? new ExecutionSettings(simulated ? ExecutionMode.Simulated : ExecutionMode.Production, found)
                : throw new SettingException(
                    $"there is no guest agent at {socket ?? DstackEndpoint.Paths[0]}",
                    "mount it (volumes: - /var/run/dstack.sock:/var/run/dstack.sock), or set LOCAL_MODE=true for development");
        }

        if (simulated)
            throw new SettingException("LOCAL_MODE and simulated evidence exclude each other", "unset one of the two");
        if (DstackEndpoint.Paths.FirstOrDefault(File.Exists) is { } real)
            throw new SettingException($"LOCAL_MODE refuses to start: a real guest agent is at {real}", "unset LOCAL_MODE on this machine");
        if (listen is not ("127.0.0.1" or "::1" or "localhost"))
            throw new SettingException($"LOCAL_MODE refuses to listen on {listen}", "listen on 127.0.0.1");
        if (target != "local-record")
            throw new SettingException($"LOCAL_MODE refuses to settle on {target}", "settle on the local record");
        if (Environment.GetEnvironmentVariable("WITAN_PRODUCTION_IMAGE") is not null)
            throw new SettingException("LOCAL_MODE refuses to start in a production image", "unset LOCAL_MODE");
        return new ExecutionSettings(ExecutionMode.Local, null);
    }
}
