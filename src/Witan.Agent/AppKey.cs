using Witan.Dstack;

namespace Witan.Agent;

/// <summary>
/// Keys that belong to the app and not to one instance: the same on every host that runs the same app, so that what is sealed under
/// them can move. In LOCAL_MODE the state directory's own secret stands in.
/// </summary>
public static class AppKey
{
    /// <summary>32 bytes for a path such as <c>witan/worker/memory/0</c>. The caller zeroes them.</summary>
    public static async Task<byte[]> DeriveAsync(DstackClient? dstack, AgentSecrets secrets, string path, CancellationToken cancellationToken)
    {
        if (dstack is null)
            return secrets.Derive(path);
        using GetKeyResponse key = await dstack.GetKeyAsync(path, cancellationToken: cancellationToken);
        return key.ToBytes();
    }
}
