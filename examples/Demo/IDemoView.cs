using Spectre.Console;

namespace Demo;

/// <summary>What the demo shows while it runs.</summary>
internal interface IDemoView
{
    /// <summary>A step of the story.</summary>
    void Say(string text);

    /// <summary>Runs <paramref name="work"/> and shows how far the load is meanwhile.</summary>
    Task WithProgressAsync(LoadRun load, Func<Task> work);
}

/// <summary>Plain lines, for logs.</summary>
internal sealed class PlainView : IDemoView
{
    public void Say(string text) => Console.WriteLine(text);

    public async Task WithProgressAsync(LoadRun load, Func<Task> work)
    {
        Task running = work();
        int shown = 0;
        while (await Task.WhenAny(running, Task.Delay(500)) != running)
        {
            if (load.Acknowledged > shown)
            {
                shown = load.Acknowledged;
                Say($"  {shown,7} of {load.Total} lines acknowledged");
            }
        }

        await running;
    }
}

/// <summary>A bar, for people.</summary>
internal sealed class LiveView : IDemoView
{
    public void Say(string text) => AnsiConsole.MarkupLineInterpolated($"{text}");

    public Task WithProgressAsync(LoadRun load, Func<Task> work) =>
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask("lines acknowledged", maxValue: load.Total);
                Task running = work();
                while (await Task.WhenAny(running, Task.Delay(100)) != running)
                {
                    bar.Value = load.Acknowledged;
                }

                bar.Value = load.Acknowledged;
                await running;
            });
}
