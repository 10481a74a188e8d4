using System.Text;

using Grpc.Core;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Client;

/// <summary>Reads the stream of several answers to one prompt.</summary>
internal static class SamplesReader
{
    /// <summary>Reads to the end.</summary>
    /// <param name="stream">One Started, any number of Delta of any sample, one Finished for each.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The text of each answer, in order of index.</returns>
    /// <exception cref="CommandFailedException">The stream is not of that form, or broke after its beginning.</exception>
    /// <exception cref="RpcException">The server did not begin an answer, or the reading was cancelled.</exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(IAsyncEnumerable<GenerateResponse> stream, CancellationToken cancellationToken)
    {
        SortedDictionary<int, StringBuilder> texts = [];
        int finished = 0;
        bool begun = false;
        bool complete = false;
        try
        {
            await foreach (GenerateResponse response in stream.WithCancellation(cancellationToken))
            {
                begun = true;
                if (response.Delta is { } delta)
                {
                    TextOf(texts, delta.Index).Append(delta.Text);
                }
                else if (response.Finished is { } end)
                {
                    TextOf(texts, end.Index);
                    finished++;
                    complete = end.Usage is not null;
                }
            }
        }
        catch (RpcException exception) when (begun && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException(RpcFault.DescribeEnd(exception), exception);
        }

        return complete && finished == texts.Count
            ? [.. texts.Values.Select(text => text.ToString())]
            : throw new CommandFailedException("the server ended the answers without finishing them");
    }

    private static StringBuilder TextOf(SortedDictionary<int, StringBuilder> texts, int index)
    {
        if (!texts.TryGetValue(index, out StringBuilder? text))
        {
            texts.Add(index, text = new StringBuilder());
        }

        return text;
    }
}
