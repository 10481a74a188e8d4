using System.CommandLine;

using Google.Protobuf;

using Grpc.Core;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary><c>generate</c>: one answer, for scripts.</summary>
internal static class GenerateCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "generate",
            "Writes one answer to standard output and nothing else. The prompt is continued as it is, or with --chat answered as a user's message.",
            "./orleansserve generate --chat --prompt 'What is 347 + 285?' --temperature 0",
            "./orleansserve generate --prompt-file prompt.txt --max-tokens 100",
            "echo 'Sort 42, 7, 19 and 3.' | ./orleansserve generate --chat --json",
            "./orleansserve generate --prompt-file report.txt --priority batch --tenant nightly",
            "./orleansserve generate --prompt 'Once' --n 3 --max-tokens 20 --seed 7",
            "./orleansserve generate --prompt 'Once' --json --logprobs 5 --prompt-logprobs 0");
        ClientArguments client = new(command);
        Option<string?> prompt = new("--prompt") { Description = "The prompt", HelpName = "TEXT" };
        Option<string?> promptFile = new("--prompt-file") { Description = "File with the prompt; - or nothing reads standard input", HelpName = "FILE" };
        Option<bool> chat = new("--chat") { Description = "The prompt is a user's message; only the answer is written, not the thinking" };
        Option<bool> json = new("--json") { Description = "Write every event as one JSON object a line" };
        command.Add(prompt);
        command.Add(promptFile);
        command.Add(chat);
        command.Add(json);
        SamplingArguments sampling = new(command, defaultTemperature: null);
        SchedulingArguments scheduling = new(command);
        OutputArguments output = new(command, json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(prompt) is not null && result.GetValue(promptFile) is not null)
            {
                result.AddError("--prompt and --prompt-file exclude each other.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string text = parsed.GetValue(prompt) ?? await ReadPromptAsync(parsed.GetValue(promptFile), terminal, cancellationToken);
            using ServerConnection connection = client.Connect(parsed);
            using Interrupts interrupts = new(cancellationToken);
            string model = client.ReadModel(parsed);
            SamplingOptions options = sampling.ReadSampling(parsed);
            StopOptions stop = sampling.ReadStop(parsed);
            OutputOptions report = output.Read(parsed);
            SchedulingOptions service = scheduling.Read(parsed);
            output.ReadInto(options, parsed);
            using AsyncServerStreamingCall<GenerateResponse> call = parsed.GetValue(chat)
                ? connection.Inference.Chat(
                    new ChatRequest { Model = model, Sampling = options, Stop = stop, Output = report, Scheduling = service, Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = text } } },
                    cancellationToken: interrupts.Token)
                : connection.Inference.Generate(
                    new GenerateRequest { Model = model, Sampling = options, Stop = stop, Output = report, Scheduling = service, Text = text }, cancellationToken: interrupts.Token);
            try
            {
                await (parsed.GetValue(json) ? WriteEventsAsync(call, terminal, interrupts.Token)
                    : options.N > 1 ? WriteSamplesAsync(call, terminal, interrupts.Token)
                    : WriteTextAsync(call, terminal, time, interrupts.Token));
                return 0;
            }
            catch (RpcException) when (interrupts.Token.IsCancellationRequested)
            {
                throw new OperationCanceledException(interrupts.Token);
            }
            catch (RpcException exception)
            {
                throw new CommandFailedException(RpcFault.Describe(exception, connection.Server), exception);
            }
        });
        return command;
    }

    private static async Task WriteEventsAsync(AsyncServerStreamingCall<GenerateResponse> call, Terminal terminal, CancellationToken cancellationToken)
    {
        bool begun = false;
        try
        {
            await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                begun = true;
                await terminal.Output.WriteLineAsync(JsonFormatter.Default.Format(response));
            }
        }
        catch (RpcException exception) when (begun && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException(RpcFault.DescribeEnd(exception), exception);
        }
    }

    // Several answers come mixed together: each is shown whole once all are there, in their order, under a line with its number.
    private static async Task WriteSamplesAsync(AsyncServerStreamingCall<GenerateResponse> call, Terminal terminal, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> texts = await SamplesReader.ReadAsync(call.ResponseStream.ReadAllAsync(cancellationToken), cancellationToken);
        for (int sample = 0; sample < texts.Count; sample++)
        {
            string text = terminal.Ansi ? TerminalText.Safe(texts[sample]) : texts[sample];
            await terminal.Output.WriteLineAsync($"--- {sample}");
            await terminal.Output.WriteAsync(text.EndsWith('\n') ? text : text + "\n");
        }
    }

    private static async Task WriteTextAsync(
        AsyncServerStreamingCall<GenerateResponse> call, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        bool openLine = false;
        Answer answer;
        try
        {
            // On a terminal the text is shown as it comes; in a pipe it stays what the model wrote.
            answer = await AnswerReader.ReadAsync(
                call.ResponseStream.ReadAllAsync(cancellationToken),
                delta =>
                {
                    terminal.Output.Write(terminal.Ansi ? TerminalText.Safe(delta.Text) : delta.Text);
                    terminal.Output.Flush();
                    openLine = delta.Text.Length > 0 ? !delta.Text.EndsWith('\n') : openLine;
                },
                time,
                cancellationToken);
        }
        catch when (openLine)
        {
            // What is said about the end of half an answer gets a line of its own.
            await terminal.Output.WriteLineAsync();
            throw;
        }

        if (answer.Text.Length == 0 && answer.Reasoning.Length > 0 && answer.Finished.Reason == Finished.Types.Reason.Length)
        {
            await terminal.Error.WriteLineAsync("stopped at max_tokens while thinking; a larger --max-tokens leaves room for the answer");
        }
        else if (!answer.Text.EndsWith('\n'))
        {
            await terminal.Output.WriteLineAsync();
        }
    }

    private static async Task<string> ReadPromptAsync(string? path, Terminal terminal, CancellationToken cancellationToken)
    {
        string text;
        if (path is null or "-")
        {
            if (path is null && terminal.Interactive)
            {
                throw new CommandFailedException("no prompt: give --prompt TEXT or --prompt-file FILE, or pipe one in");
            }

            text = await terminal.Input.ReadToEndAsync(cancellationToken);
        }
        else
        {
            try
            {
                text = await File.ReadAllTextAsync(path, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new CommandFailedException($"--prompt-file {path}: {exception.Message}", exception);
            }
        }

        // The line end that a shell or an editor adds is not meant for the model.
        return text.EndsWith('\n') ? text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)] : text;
    }
}
