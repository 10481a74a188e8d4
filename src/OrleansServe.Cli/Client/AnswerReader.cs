using System.Text;

using Grpc.Core;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Client;

/// <summary>Reads the stream of one answer and times it.</summary>
internal static class AnswerReader
{
    /// <summary>Reads to the end, handing each delta on as it comes.</summary>
    /// <param name="stream">One Started, any number of Delta, one Finished.</param>
    /// <param name="onDelta">Called for each delta.</param>
    /// <param name="time">Clock; starts when reading starts, so the call must have been made just before.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CommandFailedException">The stream is not of that form, or broke after its beginning.</exception>
    /// <exception cref="RpcException">The server did not begin an answer, or the reading was cancelled.</exception>
    public static async Task<Answer> ReadAsync(
        IAsyncEnumerable<GenerateResponse> stream, Action<Delta> onDelta, TimeProvider time, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        long first = 0;
        StringBuilder text = new();
        StringBuilder reasoning = new();
        List<int> tokens = [];
        Started? started = null;
        Finished? finished = null;

        try
        {
            await foreach (GenerateResponse response in stream.WithCancellation(cancellationToken))
            {
                if (finished is not null || (started is null) != (response.EventCase == GenerateResponse.EventOneofCase.Started))
                {
                    throw new CommandFailedException($"the server broke the protocol: {response.EventCase} out of turn");
                }

                switch (response.EventCase)
                {
                    case GenerateResponse.EventOneofCase.Started:
                        started = response.Started;
                        break;
                    case GenerateResponse.EventOneofCase.Delta:
                        Delta delta = response.Delta;
                        if (delta.TokenIds.Count > 0)
                        {
                            first = tokens.Count == 0 ? time.GetTimestamp() : first;
                            tokens.AddRange(delta.TokenIds);
                        }

                        text.Append(delta.Text);
                        reasoning.Append(delta.ReasoningText);
                        onDelta(delta);
                        break;
                    case GenerateResponse.EventOneofCase.PromptLogprobs:
                        break;
                    case GenerateResponse.EventOneofCase.Finished:
                        finished = response.Finished;
                        break;
                    default:
                        throw new CommandFailedException("the server broke the protocol: an empty event");
                }
            }
        }
        catch (RpcException exception) when (started is not null && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException(RpcFault.DescribeEnd(exception), exception);
        }

        if (started is null || finished is null)
        {
            throw new CommandFailedException("the server ended the answer without finishing it");
        }

        return new Answer(
            started,
            text.ToString(),
            reasoning.ToString(),
            tokens,
            finished,
            tokens.Count > 0 ? time.GetElapsedTime(begin, first) : null,
            time.GetElapsedTime(begin),
            TokensPerSecond(finished));
    }

    // The server knows when tokens were made; here a burst of them may arrive at one moment.
    private static double? TokensPerSecond(Finished finished)
    {
        int tokens = finished.Usage?.CompletionTokens ?? 0;
        double seconds = finished.Timing is { } timing ? timing.TotalSeconds - timing.TimeToFirstTokenSeconds : 0;
        return tokens > 1 && double.IsFinite(seconds) && seconds > 0 ? (tokens - 1) / seconds : null;
    }
}
