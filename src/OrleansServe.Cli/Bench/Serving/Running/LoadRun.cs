using System.Globalization;

using Grpc.Core;

using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>
/// Sends requests when they are due, whether or not earlier ones have been answered: a server that falls behind is seen to fall behind. Times are taken
/// from a monotonic clock where the client reads the stream.
/// </summary>
internal sealed class LoadRun(RequestBuilder builder, LoadOptions options, TimeProvider time, LoadProgress progress)
{
    /// <summary>Sends everything and waits for it.</summary>
    /// <param name="requests">In order of arrival.</param>
    /// <param name="cancellationToken">Ends the run early: nothing more is sent, and what is under way is given up.</param>
    public async Task<LoadRecord> RunAsync(IReadOnlyList<PlannedRequest> requests, CancellationToken cancellationToken)
    {
        using SemaphoreSlim room = new(options.MaxConcurrency);
        List<Task<RequestRecord>> sent = new(requests.Count);
        long begin = time.GetTimestamp();
        try
        {
            foreach (PlannedRequest request in requests)
            {
                TimeSpan early = request.Due - time.GetElapsedTime(begin);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, time, cancellationToken);
                }

                await room.WaitAsync(cancellationToken);
                sent.Add(Task.Run(() => AskAsync(request, begin, room, cancellationToken), CancellationToken.None));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What has been sent ends by the same token.
        }

        RequestRecord[] records = await Task.WhenAll(sent);
        return new LoadRecord(records, requests.Count, time.GetElapsedTime(begin), progress.Peak, cancellationToken.IsCancellationRequested);
    }

    private async Task<RequestRecord> AskAsync(PlannedRequest request, long begin, SemaphoreSlim room, CancellationToken cancellationToken)
    {
        RequestRecord? record = null;
        try
        {
            Func<CallOptions, AsyncServerStreamingCall<GenerateResponse>> call = builder.Prepare(request);
            progress.OnSent();
            record = await MeasureAsync(call, request.Due, begin, cancellationToken);
            return record;
        }
        finally
        {
            progress.OnEnded(record is { IsCompleted: true });
            room.Release();
        }
    }

    private async Task<RequestRecord> MeasureAsync(
        Func<CallOptions, AsyncServerStreamingCall<GenerateResponse>> make, TimeSpan due, long begin, CancellationToken cancellationToken)
    {
        StreamTimer timer = new(time);
        string outcome = RequestRecord.Completed;
        string detail = "";
        try
        {
            using AsyncServerStreamingCall<GenerateResponse> call = make(new CallOptions(deadline: (time.GetUtcNow() + options.Timeout).UtcDateTime, cancellationToken: cancellationToken));
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                int before = timer.Tokens;
                if (!timer.Accept(call.ResponseStream.Current))
                {
                    (outcome, detail) = (RequestRecord.Malformed, $"{call.ResponseStream.Current.EventCase} out of turn");
                    break;
                }

                progress.OnTokens(timer.Tokens - before);
            }
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            outcome = RequestRecord.Interrupted;
        }
        catch (RpcException exception)
        {
            (outcome, detail) = (NameOf(exception.StatusCode), exception.Status.Detail);
        }

        return timer.End(begin, due, outcome, detail);
    }

    // As the specification of gRPC writes them: RESOURCE_EXHAUSTED.
    private static string NameOf(StatusCode status) => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Concat(status.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}"))}").ToUpperInvariant();
}
