using System.Text.Json;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Proposals;

/// <summary>
/// LOCAL_MODE: the coordinator calls workers directly, on loopback only. A call that fails is made again when the lease ends; a
/// worker that was called twice casts the same ballot.
/// </summary>
internal sealed class LocalDispatch(AdmissionDesk desk, TaskBoard tasks, HttpClient http)
{
    public async Task DispatchAsync(CancellationToken cancellationToken)
    {
        foreach (Enrolment worker in desk.Admitted(AgentRole.Worker).Where(worker => worker.Callback.Length > 0))
        {
            if (tasks.Next(worker.Entry.Keys.AgentId) is not { } task)
                continue;
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(task, WireJson.Default.TaskAssignment));
            content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json");
            try
            {
                using HttpResponseMessage response =
                    await http.PostAsync(new Uri(new Uri(worker.Callback), "/api/task/execute"), content, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // It is down, or busy starting: the lease brings it up again.
            }
        }
    }
}
