using System.Text.Json;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Dispatch;

/// <summary>
/// LOCAL_MODE: the coordinator calls workers directly, on loopback only. A call that fails is made again when the lease ends; a
/// worker that was called twice casts the same ballot.
/// </summary>
internal sealed class LocalDispatch(AdmissionDesk desk, TaskBoard tasks, HttpClient http)
{
    public async Task DispatchAsync(CancellationToken cancellationToken)
    {
        foreach (Digest agent in tasks.Workers)
        {
            if (desk.Find(agent) is { Callback.Length: > 0 } worker && tasks.Next(agent, pulls: false) is { } task)
                await CallAsync(worker, task, cancellationToken);
        }
    }

    private async Task CallAsync(Enrolment worker, TaskAssignment task, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(task, WireJson.Default.TaskAssignment));
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json");
        try
        {
            using HttpResponseMessage response =
                await http.PostAsync(new Uri(new Uri(worker.Callback), "/api/task/execute"), content, cancellationToken);
            if (response.IsSuccessStatusCode)
                return;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // It is down, or busy starting.
        }

        // It did not take the task: it may pull it at once when it is back.
        tasks.Release(worker.Entry.Keys.AgentId);
    }
}
