using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Witan.Coordinator.Limits;

/// <summary>What one request holds of <see cref="BodyMemory"/>. It is given back when the request has ended, however it ends.</summary>
internal sealed class BodyShare(BodyMemory memory)
{
    private long _taken;

    /// <summary>The share of a request; null where nothing is limited.</summary>
    public static BodyShare? Of(HttpContext context)
    {
        if (context.RequestServices?.GetService<BodyMemory>() is not { } memory)
            return null;
        var share = new BodyShare(memory);
        context.Response.OnCompleted(static mine => ((BodyShare)mine).GiveAsync(), share);
        return share;
    }

    /// <summary>Takes so many bytes more; false, and nothing is taken, where they are not there.</summary>
    public bool TryTake(int bytes)
    {
        if (!memory.TryTake(bytes))
            return false;
        _taken += bytes;
        return true;
    }

    private Task GiveAsync()
    {
        memory.Give(_taken);
        return Task.CompletedTask;
    }
}
