namespace Witan.Worker.Models;

/// <summary>Reads an answer's body whole, up to a limit: what a service sends is as long as it likes.</summary>
internal static class BoundedBody
{
    /// <summary>The body to the byte; null where it is longer than <paramref name="limit"/>.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContent content, int limit, CancellationToken cancellationToken)
    {
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        using var all = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (all.Length + read > limit)
                return null;
            all.Write(chunk, 0, read);
        }

        return all.ToArray();
    }
}
